"""Loads the token of the profile e2e as the AWS CLI's own botocore does, or the plain one, and prints it as JSON.

The argument is the endpoint of the service.
"""

import json
import sys

try:
    from awscli.botocore import session as sessions, tokens
    from awscli import __version__

    name = f"awscli {__version__}"
except ImportError:
    from botocore import __version__, session as sessions, tokens

    name = f"botocore {__version__}"

if sys.argv[1:] == ["--version"]:
    print(name)
    sys.exit()

session = sessions.Session(profile="e2e")
create_client = session.create_client
# versions before 2.13 have no setting for the endpoint
session.create_client = lambda *args, **kwargs: create_client(*args, endpoint_url=sys.argv[1], **kwargs)
token = tokens.SSOTokenProvider(session).load_token().get_frozen_token()
print(json.dumps({"token": token.token, "expiration": token.expiration.isoformat()}))
