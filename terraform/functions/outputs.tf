output "functions" {
  description = "The functions' names in Lambda."
  value       = { for name, function in aws_lambda_function.function : name => function.function_name }
}

output "secrets" {
  description = "Their values are put in by hand: aws secretsmanager put-secret-value --secret-id NAME --secret-string VALUE"
  value = merge(
    { for name, secret in aws_secretsmanager_secret.secret : local.secret_variables[name] => secret.name },
    { "LIFEBOAT_TOKEN of commands" = aws_secretsmanager_secret.commands.name },
  )
}

output "bus" {
  description = "Pipelines put the events of their deployments here."
  value       = aws_cloudwatch_event_bus.deployments.name
}
