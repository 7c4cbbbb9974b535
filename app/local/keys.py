"""The secrets of the local mode: made at random once, kept in LINLI_DATA/secrets.json (0600)."""

import base64
import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.local.faults import LocalFault


class LocalSecrets(BaseModel):
    """What `linli up` needs besides servers. Losing `keyring` loses the encrypted names and phones."""

    secret_key: str
    keyring: str
    index_key: str
    admin_password: str
    wechat_appid: str
    wechat_secret: str
    # The embedded servers keep their ports, so that a psql of yesterday still connects today.
    ports: dict[str, int] = {}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def local_secrets(folder: Path) -> LocalSecrets:
    """Reads the secrets of a data folder, or makes them. Raises LocalFault when the file is damaged."""
    path = folder / "secrets.json"
    try:
        return LocalSecrets.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (ValidationError, UnicodeDecodeError):
        raise LocalFault(
            f"{path} 已损坏，其中有解密个人信息的密钥。",
            f"{path} is damaged; it holds the keys of the encrypted names and phones.",
            f"恢复这个文件，或重新开始 · restore that file, or start anew: rm -r {folder}",
        ) from None
    made = LocalSecrets(
        secret_key=secrets.token_urlsafe(48),
        keyring=f"local1:{_key()}",
        index_key=_key(),
        admin_password=secrets.token_urlsafe(12),
        wechat_appid="demo-appid",
        wechat_secret=secrets.token_urlsafe(24),
    )
    keep_secrets(folder, made)
    return made


def keep_secrets(folder: Path, kept: LocalSecrets) -> None:
    """Writes them whole or not at all, readable by their owner only."""
    path = folder / "secrets.json"
    making = path.with_suffix(".new")
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(kept.model_dump(), out, indent=2)
        out.flush()
        os.fsync(out.fileno())
    making.replace(path)
