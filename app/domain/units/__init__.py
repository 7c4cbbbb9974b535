"""Units 单位: the departments, stations and partners that are whistled up, who works in them, who stands in for whom, and who
is responsible for what where (权责清单). Records, without a state machine."""
