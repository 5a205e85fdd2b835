# Three buckets in three regions for the stores primary, secondary and tertiary, and the policy of who writes them. Replication
# stays off: Lifeboat writes each artifact into all stores itself, and reads every copy again.

module "primary" {
  source    = "./bucket"
  providers = { aws = aws.primary }
  name      = "${var.name}-${var.regions.primary}"
}

module "secondary" {
  source    = "./bucket"
  providers = { aws = aws.secondary }
  name      = "${var.name}-${var.regions.secondary}"
}

module "tertiary" {
  source    = "./bucket"
  providers = { aws = aws.tertiary }
  name      = "${var.name}-${var.regions.tertiary}"
}

locals {
  buckets = {
    primary   = module.primary
    secondary = module.secondary
    tertiary  = module.tertiary
  }
  # docs/stores.md lists what each right is for.
  rights_on_buckets = [
    "s3:ListBucket",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucketMultipartUploads",
  ]
  rights_on_objects = concat(
    [
      "s3:GetObject",
      "s3:PutObject",
      "s3:AbortMultipartUpload",
      "s3:GetObjectTagging",
      "s3:PutObjectTagging",
      "s3:GetObjectRetention",
      "s3:PutObjectRetention",
    ],
    var.may_delete ? ["s3:DeleteObject", "s3:DeleteObjectVersion"] : [],
  )
}

resource "aws_iam_policy" "stores" {
  provider    = aws.primary
  name        = "${var.name}-stores"
  description = "What Lifeboat does in its stores, and no more."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Buckets"
        Effect   = "Allow"
        Action   = local.rights_on_buckets
        Resource = [for bucket in local.buckets : bucket.arn]
      },
      {
        Sid      = "Artifacts"
        Effect   = "Allow"
        Action   = local.rights_on_objects
        Resource = [for bucket in local.buckets : "${bucket.arn}/${var.prefix}*"]
      },
    ]
  })
}
