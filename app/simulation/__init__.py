"""`linli simulate`: a street lives a day that anybody can watch 模拟一条街的一天.

A throw-away database, API and worker; people who act over plain HTTP; a clock that steps to whatever comes next. At the end
the measurements, the invariants, and a second reckoning of every mark.

    profiles.py  case_fates.py    the tables: days, arrivals, characters, diligence, fates – what a reader may want to change
    reactions.py  case_reactions.py             the tables: who does what when they hear of something
    placing.py  residents.py  volunteers.py  officers.py    what people do about orders, a small function each
    case_reporting.py  case_office.py  case_street.py       what they do about cases: whoever reports, the community, above it,
    case_units.py  case_independent.py  case_results.py     the units, those outside of every handling; what all hand in
    affairs.py  agenda.py  life.py  clock.py    what is wanted, what is intended, the loop, the stepped clock
    house.py  person.py  street.py              servers and processes, somebody over HTTP, the street and its people
    peopling.py  case_peopling.py               who is there, and which orders and cases will come
    furnishing.py                               services, team, cards, consents, service days
    measuring.py  case_measuring.py             what the database holds at the end
    reckoning.py                                whether every mark is right
    figures.py  flow_figures.py  limit_figures.py  case_figures.py          what the report says
    terminal.py  case_terminal.py  page.py  case_page.py  charts.py         how it looks (with terminal_parts.py, page_parts.py)
    storm.py                                    `linli storm`: many reports in real time

A root, as `app.local` is: nothing imports it but `app.cli` and tests.
"""
