# Without any account: the provider is mocked.

mock_provider "aws" {
  alias = "primary"
}

mock_provider "aws" {
  alias = "secondary"
}

mock_provider "aws" {
  alias = "tertiary"
}

variables {
  name    = "acme-backups"
  prefix  = "lifeboat/"
  regions = { primary = "eu-central-1", secondary = "eu-west-1", tertiary = "us-east-1" }
}

run "who_writes_the_stores_may_not_delete" {
  command = apply

  assert {
    condition     = !strcontains(aws_iam_policy.stores.policy, "s3:Delete")
    error_message = "the policy has a right to delete"
  }
  assert {
    condition     = !strcontains(aws_iam_policy.stores.policy, "BypassGovernanceRetention")
    error_message = "the policy lets Lifeboat break its own locks"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_policy.stores.policy).Statement :
      alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")])
    ])
    error_message = "the policy has a right that it does not name"
  }
  assert {
    condition     = length(jsondecode(aws_iam_policy.stores.policy).Statement[1].Resource) == 3
    error_message = "the policy does not name three buckets"
  }
}

run "the_configuration_that_is_printed_has_all_three_stores" {
  command = apply

  assert {
    condition     = toset(keys(yamldecode(output.configuration).lifeboat.stores)) == toset(["primary", "secondary", "tertiary"])
    error_message = "a store is missing"
  }
  assert {
    condition     = yamldecode(output.configuration).lifeboat.stores.secondary.region == "eu-west-1"
    error_message = "the secondary store is in another region"
  }
  assert {
    condition     = alltrue([for store in yamldecode(output.configuration).lifeboat.stores : store.expiry == "tag"])
    error_message = "a store would delete, and its credentials may not"
  }
}

run "deleting_is_a_choice" {
  command = apply
  variables {
    may_delete = true
  }

  assert {
    condition     = strcontains(aws_iam_policy.stores.policy, "s3:DeleteObjectVersion")
    error_message = "what was asked for is not there"
  }
}

run "a_bucket_is_versioned_locked_closed_and_deletes_only_what_was_given_up" {
  command = apply
  module {
    source = "./bucket"
  }
  providers = {
    aws = aws.primary
  }

  assert {
    condition     = aws_s3_bucket.store.object_lock_enabled && !aws_s3_bucket.store.force_destroy
    error_message = "the bucket can't lock, or can be destroyed with what it holds"
  }
  assert {
    condition     = aws_s3_bucket_versioning.store.versioning_configuration[0].status == "Enabled"
    error_message = "the bucket keeps no versions"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.store.block_public_acls,
      aws_s3_bucket_public_access_block.store.block_public_policy,
      aws_s3_bucket_public_access_block.store.ignore_public_acls,
      aws_s3_bucket_public_access_block.store.restrict_public_buckets,
    ])
    error_message = "the bucket can be opened to the public"
  }
  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.store.rule : rule.filter[0].tag[0].value if length(rule.expiration) > 0
    ] == ["expired"]
    error_message = "a rule deletes what was not given up"
  }
}

run "three_stores_in_one_region_are_refused" {
  command = plan
  variables {
    regions = { primary = "eu-central-1", secondary = "eu-central-1", tertiary = "us-east-1" }
  }
  expect_failures = [var.regions]
}
