"""Create the buckets that are not there; runs where botocore is, reads its environment."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

_OURS_ALREADY = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


def main() -> None:
    session = botocore.session.get_session()
    # The client's methods exist only at run time.
    client: Any = session.create_client("s3", endpoint_url=os.environ["S3_ENDPOINT_URL"])
    region = os.environ["AWS_DEFAULT_REGION"]
    # us-east-1 is the default, and the one name that S3 refuses as a constraint.
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    options = {"CreateBucketConfiguration": place} if place else {}
    for bucket in (os.environ["AUDIT_BUCKET"], os.environ["CLICK_BUCKET"]):
        try:
            client.create_bucket(Bucket=bucket, **options)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _OURS_ALREADY:
                raise


if __name__ == "__main__":
    main()
