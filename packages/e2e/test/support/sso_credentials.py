"""Prints the credentials that botocore finds by itself, from the files and variables of this process, or its error."""
import json

import botocore.session

try:
    credentials = botocore.session.Session().get_credentials()
    frozen = credentials.get_frozen_credentials()
    print(json.dumps({
        "accessKeyId": frozen.access_key,
        "secretAccessKey": frozen.secret_key,
        "sessionToken": frozen.token,
        "expiration": credentials._expiry_time.timestamp() * 1000,
    }))
except Exception as error:
    print(json.dumps({"name": type(error).__name__, "message": str(error)}))
