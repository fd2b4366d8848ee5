output "role_arn" {
  description = "Give this to the backend as ROLE_ARN."
  value       = aws_iam_role.voice.arn
}

output "backend_statement" {
  description = "What the backend's own policy has to allow."
  value = jsonencode({
    Effect   = "Allow"
    Action   = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    Resource = aws_iam_role.voice.arn
  })
}
