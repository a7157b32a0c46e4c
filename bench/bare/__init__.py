"""The bare Pulumi program that the `local` stack is measured against: as many resources, and nothing behind them."""
