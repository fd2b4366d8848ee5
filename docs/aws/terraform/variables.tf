variable "backend_principal_arn" {
  description = "ARN of the role (or user) that your backend runs as."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", var.backend_principal_arn))
    error_message = "This must be the ARN of an IAM role or user."
  }
}

variable "model_id" {
  description = "The one model that pages may talk to."
  type        = string
  default     = "amazon.nova-2-sonic-v1:0"

  validation {
    condition     = can(regex("^[A-Za-z0-9.:-]+$", var.model_id))
    error_message = "This must be a model id, without wildcards."
  }
}

variable "role_name" {
  description = "Name of the role that is made."
  type        = string
  default     = "nova-sonic-voice"
}
