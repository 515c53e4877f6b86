"""Calls the service's three operations with botocore: a JSON line in for each call, a JSON line out."""

import json
import sys

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

session = botocore.session.Session()


def client_at(endpoint):
    return session.create_client(
        "sso-oidc",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        # without its own check of members and its own retries, so that the emulator responds once
        config=Config(signature_version=UNSIGNED, parameter_validation=False, retries={"max_attempts": 0}),
    )


def response_of(oidc, call):
    try:
        output = getattr(oidc, call["method"])(**call["body"])
    except ClientError as error:
        # botocore throws its base class if it has no class for the response
        metadata = error.response["ResponseMetadata"]
        return {
            "exception": type(error).__name__,
            "error": error.response.get("error"),
            "errorDescription": error.response.get("error_description"),
            "reason": error.response.get("reason"),
            "status": metadata["HTTPStatusCode"],
            "requestId": metadata.get("RequestId"),
        }
    output.pop("ResponseMetadata")
    return {"body": output}


clients = {}
for line in sys.stdin:
    call = json.loads(line)
    endpoint = call["endpoint"]
    if endpoint not in clients:
        clients[endpoint] = client_at(endpoint)
    print(json.dumps(response_of(clients[endpoint], call)), flush=True)
