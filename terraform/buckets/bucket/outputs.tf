output "arn" {
  value = aws_s3_bucket.store.arn
}

output "name" {
  value = aws_s3_bucket.store.bucket
}
