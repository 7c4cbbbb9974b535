"""What can be wrong with the machine we start on: one sentence in Chinese, one in English, and the mend in both."""


class LocalFault(Exception):
    """A start that cannot succeed as things are. Shown as it is, without a traceback; exit code 2."""

    def __init__(self, zh: str, en: str, mend: str = "") -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.mend = mend

    def __str__(self) -> str:
        lines = [self.zh, self.en]
        if self.mend:
            lines.append(f"→ {self.mend}")
        return "\n".join(lines)


def disk_full(where: object) -> LocalFault:
    return LocalFault(
        f"磁盘已满，无法写入 {where}。",
        f"No space is left on the disk that holds {where}.",
        "腾出空间，或用 LINLI_DATA 指向另一块盘上的目录 · free some space, or set LINLI_DATA to a folder on another disk",
    )


def not_permitted(where: object) -> LocalFault:
    return LocalFault(
        f"当前用户无权读写 {where}。",
        f"The current user may not read or write {where}.",
        f"chown -R $(id -u) {where} && chmod -R u+rwX {where}，或用 LINLI_DATA 指向自己的目录"
        " · or set LINLI_DATA to a folder of your own",
    )


def folder_in_use(where: object) -> LocalFault:
    return LocalFault(
        f"数据目录 {where} 正被另一个 Linli 进程使用。",
        f"Another running Linli already uses the data folder {where}.",
        "结束那一个（在它的窗口按 Ctrl-C），或用 LINLI_DATA 指向另一个目录"
        " · end the other one (Ctrl-C where it runs), or set LINLI_DATA to another folder",
    )
