"""Reads config files with the AWS CLI's own parser, or with botocore's: a JSON line in for each file, a JSON line out."""

import base64
import json
import os
import sys
import tempfile

try:
    from awscli.botocore import configloader
except ImportError:
    from botocore import configloader

# as the loader itself knows it: in Debian's package the CLI's copy has another name
ConfigParseError = configloader.botocore.exceptions.ConfigParseError


def read(path):
    try:
        config = configloader.load_config(path)
    except ConfigParseError:
        return {"error": "the whole file"}
    # versions before 2.13 know no services, and leave the section as it is
    services = {
        name.split(None, 1)[1]: settings
        for name, settings in config.items()
        if name.startswith("services ") and isinstance(settings, dict)
    }
    return {
        "profiles": config.get("profiles", {}),
        "sso_sessions": config.get("sso_sessions", {}),
        "services": config.get("services", services),
    }


if sys.argv[1:] == ["--version"]:
    print(configloader.__name__)
    sys.exit()

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "config")
    for line in sys.stdin:
        with open(path, "wb") as file:
            file.write(base64.b64decode(json.loads(line)))
        print(json.dumps(read(path)), flush=True)
