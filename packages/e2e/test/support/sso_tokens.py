"""Loads tokens of profiles as the AWS CLI's own botocore does, or the plain one.

The first argument is the module: `awscli.botocore` or `botocore`. Each line of stdin is a JSON object with the profile and the
endpoint of the service. For each it prints a line of JSON.
"""

import importlib
import json
import sys

module = sys.argv[1]
sessions = importlib.import_module(module + ".session")
tokens = importlib.import_module(module + ".tokens")

if sys.argv[2:] == ["--version"]:
    name = module.split(".")[0]
    print(name, importlib.import_module(name).__version__)
    sys.exit()

clients = {}


def client_at(endpoint, create_client, args, kwargs):
    if endpoint not in clients:
        # versions before 2.13 have no setting for the endpoint
        clients[endpoint] = create_client(*args, endpoint_url=endpoint, **kwargs)
    return clients[endpoint]


def token_of(profile, endpoint):
    session = sessions.Session(profile=profile)
    create_client = session.create_client
    session.create_client = lambda *args, **kwargs: client_at(endpoint, create_client, args, kwargs)
    return tokens.SSOTokenProvider(session).load_token().get_frozen_token()


print("ready", flush=True)
for line in sys.stdin:
    call = json.loads(line)
    try:
        token = token_of(call["profile"], call["endpoint"])
        result = {"token": token.token, "expiration": token.expiration.isoformat()}
    # a file that another tool is writing gives exceptions of many kinds
    except Exception as error:
        result = {"name": type(error).__name__, "message": str(error)}
    print(json.dumps(result), flush=True)
