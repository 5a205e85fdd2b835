output "policy_arn" {
  description = "Attach it to the role or the user that Lifeboat runs as."
  value       = aws_iam_policy.stores.arn
}

output "configuration" {
  description = "For config/application.yaml."
  value = yamlencode({
    lifeboat = {
      stores = {
        for store, bucket in local.buckets : store => {
          kind        = "s3"
          bucket      = bucket.name
          region      = var.regions[store]
          prefix      = var.prefix
          object-lock = "governance"
          expiry      = var.may_delete ? "delete" : "tag"
        }
      }
    }
  })
}
