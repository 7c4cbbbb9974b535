def show(console, report):
    from rich.table import Table
    console.print(report.outcomes); console.print(report.limits); console.print(report.marks); console.print(report.rows)
    console.print(report.told); console.print(report.to_accept, report.to_deliver, report.fairness); console.print(report.unmet); console.print(report.wrong)
    console.print(report.measured.refusals, report.measured.races, report.measured.requests, report.measured.real_seconds, report.measured.deliveries, str(report.measured.ended))
