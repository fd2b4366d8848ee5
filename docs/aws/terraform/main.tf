# The role whose fifteen-minute sessions a browser gets from nova-sonic. It may open Nova Sonic streams in one
# region, and nothing else; only your backend may assume it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  model_arn = "arn:${data.aws_partition.current.partition}:bedrock:${data.aws_region.current.name}::foundation-model/${var.model_id}"
  actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithBidirectionalStream"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "OnlyTheBackendAndOnlyNamedSessions"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.backend_principal_arn]
    }
    condition {
      test     = "StringLike"
      variable = "sts:RoleSessionName"
      values   = ["ns-*"]
    }
  }

  statement {
    sid     = "SourceIdentityIfSwitchedOn"
    actions = ["sts:SetSourceIdentity"]
    principals {
      type        = "AWS"
      identifiers = [var.backend_principal_arn]
    }
    condition {
      test     = "StringLike"
      variable = "sts:SourceIdentity"
      values   = ["ns-*"]
    }
  }

  statement {
    sid     = "TagsIfConfigured"
    actions = ["sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = [var.backend_principal_arn]
    }
  }
}

# The session policy narrows this further. It is as narrow here too, so that a request that lost its session policy
# would still open nothing but a stream.
data "aws_iam_policy_document" "open_streams" {
  statement {
    sid       = "OneModelInThisRegion"
    actions   = local.actions
    resources = [local.model_arn]
    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [data.aws_region.current.name]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid         = "NeverMore"
    effect      = "Deny"
    not_actions = local.actions
    resources   = ["*"]
  }
}

resource "aws_iam_role" "voice" {
  name                 = var.role_name
  description          = "Assumed by the backend for one page at a time, always with a session policy on top"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "open_streams" {
  name   = "open-nova-sonic-streams"
  role   = aws_iam_role.voice.id
  policy = data.aws_iam_policy_document.open_streams.json
}
