variable "name" {
  description = "What the names of the Spaces begin with; unique in each region."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,40}$", var.name))
    error_message = "Use 3 to 41 lower-case letters, digits and dashes."
  }
}

variable "regions" {
  description = "Where the three stores are: those of the disaster recovery plan, unless told otherwise."
  type = object({
    primary   = string
    secondary = string
    tertiary  = string
  })
  default = {
    primary   = "sgp1"
    secondary = "nyc3"
    tertiary  = "ams3"
  }
  validation {
    condition     = length(distinct(values(var.regions))) == 3
    error_message = "Three stores in fewer than three regions fall together: name three regions."
  }
}
