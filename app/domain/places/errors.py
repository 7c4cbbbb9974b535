"""How places say no."""

from app.domain.places.policy import ImportReport
from app.kernel.errors import FieldFault, Kind, NotFound, Refusal


class PlaceNotFound(NotFound):
    code = "place-not-found"
    title_zh = "没有找到这个地点"
    title_en = "No such place"


class ImportRunning(Refusal):
    """Imports go one after another; nothing of this one was read or written."""

    kind = Kind.CONFLICT
    code = "import-running"
    title_zh = "另一个地点导入正在进行,请等它结束后再试"
    title_en = "Another import of places is running"


class ImportNotUtf8(Refusal):
    kind = Kind.INVALID
    code = "import-not-utf8"
    title_zh = "文件不是 UTF-8 编码"
    title_en = "The file is not UTF-8"


class ImportHeaderWrong(Refusal):
    kind = Kind.INVALID
    code = "import-header-wrong"
    title_zh = "文件的表头不对"
    title_en = "The header of the file is wrong"


class ImportRefused(Refusal):
    """At least one line is bad, so nothing was written. `report` names the first 1,000 bad lines and the total."""

    kind = Kind.INVALID
    code = "import-refused"
    title_zh = "文件中有不能导入的行,没有写入任何内容"
    title_en = "Some lines cannot be imported; nothing was written"

    def __init__(self, report: ImportReport) -> None:
        fields = tuple(FieldFault(f"/lines/{bad.line}", bad.fault.value, bad.reason) for bad in report.bad.items)
        super().__init__(f"共 {report.lines} 行,其中 {report.bad.total} 行有误", fields=fields)
        self.report = report
