"""The bare Pulumi program that the `dev` stack is measured against: as many resources of the same providers."""
