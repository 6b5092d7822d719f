"""A bank that publishes reference rates for the euro, on working days, in the afternoon."""
