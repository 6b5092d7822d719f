"""Generated from `proto/edge_grpc/v1` by `make proto`; the comments there are the contract."""
