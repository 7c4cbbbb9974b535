"""What PostgreSQL's log says about a start that failed, as one sentence and the mend."""

import re
from pathlib import Path

from app.local.account import Account
from app.local.faults import LocalFault, disk_full


def why(said: str, *, place: Path, log: Path, account: Account, port: int) -> LocalFault:
    """`said`: the end of the log; `place`: the folder that holds the data folder."""
    data = place / "data"
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return disk_full(place)
    if "could not bind" in said:
        return LocalFault(
            f"端口 {port} 已被占用，PostgreSQL 无法启动。",
            f"Port {port} is taken; PostgreSQL cannot start on it.",
            f"结束占用它的程序，或换一个端口 · end what uses it (lsof -i :{port}), or choose another port",
        )
    if re.search(r"invalid permissions|wrong ownership|Permission denied", said):
        return LocalFault(
            f"数据目录 {data} 的权限或所有者不对，PostgreSQL 无法使用。",
            f"The data folder {data} has the wrong permissions or owner for PostgreSQL.",
            f"chown -R {account.name} {data} && chmod -R u+rwX,go-rwx {data}",
        )
    reason = re.findall(r"(?:FATAL|PANIC|error): +(.*)", said) or [
        said.strip().splitlines()[-1] if said.strip() else "?"
    ]
    return LocalFault(
        f"数据目录 {data} 无法使用（可能已损坏）：{reason[-1]}",
        f"PostgreSQL cannot use the data folder {data} (damaged?): {reason[-1]}",
        f"详见 {log}；恢复备份，或重新开始 · see that log; restore a copy, or start anew: mv {place} {place}.old",
    )
