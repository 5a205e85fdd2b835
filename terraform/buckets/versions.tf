terraform {
  required_version = ">= 1.7"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 6.0"
    }
  }
}

provider "aws" {
  alias  = "primary"
  region = var.regions.primary
}

provider "aws" {
  alias  = "secondary"
  region = var.regions.secondary
}

provider "aws" {
  alias  = "tertiary"
  region = var.regions.tertiary
}
