resource "aws_iam_role" "your_backend" {
  name               = "your-backend"
  assume_role_policy = "{}"
}

# region module
module "nova_sonic_voice" {
  source                = "./docs/aws/terraform"
  backend_principal_arn = aws_iam_role.your_backend.arn
}
# endregion module
