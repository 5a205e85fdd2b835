# Three Spaces in three regions for the stores primary, secondary and tertiary. Spaces have versions, but no Object Lock and no rule
# for a tag: Lifeboat deletes by itself what retention gives up (expiry: delete), and a version that was deleted stays for a month.

resource "digitalocean_spaces_bucket" "store" {
  for_each      = var.regions
  name          = "${var.name}-${each.value}"
  region        = each.value
  acl           = "private"
  force_destroy = false

  versioning {
    enabled = true
  }

  lifecycle_rule {
    id      = "given-up"
    enabled = true
    noncurrent_version_expiration {
      days = 30
    }
    # What a killed upload left; an upload that goes on takes hours, not days.
    abort_incomplete_multipart_upload_days = 7
  }
}

# The key that Lifeboat uses: these three Spaces and no other one.
resource "digitalocean_spaces_key" "lifeboat" {
  name = "${var.name}-lifeboat"
  dynamic "grant" {
    for_each = digitalocean_spaces_bucket.store
    content {
      bucket     = grant.value.name
      permission = "readwrite"
    }
  }
}
