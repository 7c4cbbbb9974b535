"""`linli simulate`: a street lives a day that anybody can watch 模拟一条街的一天.

A throw-away database, API and worker; people who act over plain HTTP; a clock that steps to whatever comes next. At the end
the measurements, the invariants, and a second reckoning of every mark.

    profiles.py   the tables: days, arrivals, characters, fates – what a reader may want to change
    reactions.py  the table: who does what when they hear of something
    placing.py  residents.py  volunteers.py  officers.py    what people do, a small function each
    agenda.py  life.py  clock.py                what is intended, the loop, the stepped clock
    house.py  person.py  street.py              servers and processes, somebody over HTTP, the street and its people
    peopling.py  furnishing.py                  who is there; services, team, cards, consents, service days
    measuring.py  reckoning.py                  what the database holds at the end, and whether every mark is right
    figures.py  flow_figures.py                 what the report says
    terminal.py  page.py  charts.py             how it looks

A root, as `app.local` is: nothing imports it but `app.cli` and tests.
"""
