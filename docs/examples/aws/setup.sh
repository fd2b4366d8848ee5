#!/usr/bin/env bash
# The lines of docs/aws-setup.md.
set -euo pipefail

# region cloudformation
aws cloudformation deploy --stack-name nova-sonic-voice --region us-east-1 \
  --template-file docs/aws/voice-role.cloudformation.yaml --capabilities CAPABILITY_NAMED_IAM \
  --parameter-overrides BackendPrincipalArn=arn:aws:iam::111122223333:role/your-backend
aws cloudformation describe-stacks --stack-name nova-sonic-voice --region us-east-1 --query 'Stacks[0].Outputs'
# endregion cloudformation

# region cli
aws iam create-role --role-name nova-sonic-voice --max-session-duration 3600 \
  --assume-role-policy-document file://docs/aws/voice-role-trust.json
aws iam put-role-policy --role-name nova-sonic-voice --policy-name open-nova-sonic-streams \
  --policy-document file://docs/aws/voice-role-policy.json
aws iam put-role-policy --role-name your-backend --policy-name make-voice-sessions \
  --policy-document file://docs/aws/backend-policy.json
# endregion cli

# region check
python manage.py nova_sonic_check
# endregion check
