"""Who may ask. Without a database litellm answers a wrong key with 400, "No connected db"; vendors answer 401.

The message repeats the key in full, as careless servers do, so that the test sees whether it is masked.
"""

import os

from fastapi import Request
from litellm.proxy._types import ProxyException, UserAPIKeyAuth


async def check(request: Request, api_key: str) -> UserAPIKeyAuth:
    if api_key == os.environ["LITELLM_MASTER_KEY"]:
        return UserAPIKeyAuth(api_key=api_key)
    raise ProxyException(
        message=f"Incorrect API key provided: {api_key}",
        type="invalid_request_error",
        param=None,
        code=401,
    )
