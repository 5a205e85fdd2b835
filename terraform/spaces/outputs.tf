output "configuration" {
  description = "For config/application.yaml."
  value = yamlencode({
    lifeboat = {
      stores = {
        for store, bucket in digitalocean_spaces_bucket.store : store => {
          kind       = "s3"
          bucket     = bucket.name
          region     = bucket.region
          endpoint   = "https://${bucket.region}.digitaloceanspaces.com"
          expiry     = "delete"
          access-key = "$${SPACES_ACCESS_KEY}"
          secret-key = "$${SPACES_SECRET_KEY}"
        }
      }
    }
  })
}

output "access_key" {
  description = "SPACES_ACCESS_KEY of the engine and the sidecar."
  value       = digitalocean_spaces_key.lifeboat.access_key
}

output "secret_key" {
  description = "SPACES_SECRET_KEY of the engine and the sidecar."
  value       = digitalocean_spaces_key.lifeboat.secret_key
  sensitive   = true
}
