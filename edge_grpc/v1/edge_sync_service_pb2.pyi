from edge_grpc.v1 import auth_pb2 as _auth_pb2
from edge_grpc.v1 import sync_pb2 as _sync_pb2
from edge_grpc.v1 import usage_pb2 as _usage_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
