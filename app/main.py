"""The composition root of HTTP: settings → services → app."""

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from app.api import (
    auth,
    boards,
    calendars,
    callbacks,
    callers,
    case_catalogue,
    case_contacts,
    case_finding,
    case_flow,
    case_posts,
    cases,
    contact_details,
    contests,
    deadlines,
    dispatching,
    drafts,
    errands,
    exclusions,
    finding,
    going_late,
    health,
    hold_times,
    inbox,
    metrics,
    orders,
    outcomes,
    people,
    places,
    problems,
    promises,
    rates,
    records,
    replays,
    representations,
    residents,
    service_days,
    services,
    shifts,
    shortcut,
    skills,
    supervision,
    teams,
    terms,
    unit_figures,
    units,
    volunteers,
    whistles,
)  # fmt: skip
from app.api.census import Api, census
from app.api.deps import House
from app.api.docs import Application
from app.api.throttle import Throttle
from app.domain.cases import board as board_verbs
from app.domain.cases import callbacks as callback_verbs
from app.domain.cases import (
    catalogue,
    converting,
    ending,
    handing_down,
    joining,
    merging,
    setting_aside,
)
from app.domain.cases import contests as contest_verbs
from app.domain.cases import ended_consents as case_consent_verbs
from app.domain.cases import extensions as extension_verbs
from app.domain.cases import meetings as meeting_verbs
from app.domain.cases import ratings as rating_verbs
from app.domain.cases import reporting as reporting_verbs
from app.domain.cases import service as case_verbs
from app.domain.cases import supervision as supervision_verbs
from app.domain.cases import whistles as whistle_verbs
from app.domain.deadlines import calendars as calendar_verbs
from app.domain.deadlines import drafts as draft_verbs
from app.domain.deadlines import service as deadline_verbs
from app.domain.exclusions import service as exclusion_verbs
from app.domain.notifications import service as notification_verbs
from app.domain.orders import appointments as appointment_verbs
from app.domain.orders import contact_details as contact_verbs
from app.domain.orders import dispatching as dispatching_verbs
from app.domain.orders import ended_consents as order_consent_verbs
from app.domain.orders import errands as errand_verbs
from app.domain.orders import giving_back as giving_back_verbs
from app.domain.orders import outcomes as outcome_verbs
from app.domain.orders import placing as placing_verbs
from app.domain.orders import promises as promise_verbs
from app.domain.orders import recategorising as recategorising_verbs
from app.domain.orders import service as order_verbs
from app.domain.orders import service_days as day_verbs
from app.domain.orders import shifts as shift_verbs
from app.domain.orders import wishes as wish_verbs
from app.domain.people import service as people_verbs
from app.domain.places import service as place_verbs
from app.domain.representations import service as representation_verbs
from app.domain.services import service as service_verbs
from app.domain.teams import moving as moving_verbs
from app.domain.teams import service as team_verbs
from app.domain.teams import volunteers as volunteer_verbs
from app.domain.terms import service as term_verbs
from app.domain.units import register as register_verbs
from app.domain.units import service as unit_verbs
from app.integrations.exposition import exposed
from app.integrations.wechat import WeChat
from app.kernel import crash
from app.kernel.command import statements_of
from app.kernel.database import Database
from app.kernel.passwords import Passwords
from app.kernel.tokens import AccessTokens
from app.kernel.vault import Vault
from app.kernel.verbs import Verb
from app.settings import Settings

VERSION = "0.1.0"
ROOMS: Sequence[Api] = (
    auth.api,
    people.api,
    places.api,
    representations.api,
    residents.api,
    teams.api,
    skills.api,
    volunteers.api,
    services.api,
    finding.api,
    orders.api,
    callers.api,
    dispatching.api,
    outcomes.api,
    contact_details.api,
    promises.api,
    errands.api,
    service_days.api,
    case_finding.api,
    case_flow.api,
    case_catalogue.api,
    cases.api,
    whistles.api,
    boards.api,
    callbacks.api,
    case_contacts.api,
    case_posts.api,
    contests.api,
    supervision.api,
    rates.api,
    unit_figures.api,
    hold_times.api,
    units.api,
    deadlines.api,
    calendars.api,
    going_late.api,
    exclusions.api,
    drafts.api,
    replays.api,
    terms.api,
    records.api,
    shifts.api,
    inbox.api,
    health.api,
)
VERBS: Sequence[Verb[Any, Any]] = (
    *placing_verbs.VERBS,
    *order_verbs.VERBS,
    *dispatching_verbs.VERBS,
    *giving_back_verbs.VERBS,
    *outcome_verbs.VERBS,
    *contact_verbs.VERBS,
    *promise_verbs.VERBS,
    *appointment_verbs.VERBS,
    *recategorising_verbs.VERBS,
    *wish_verbs.VERBS,
    *errand_verbs.VERBS,
    *day_verbs.VERBS,
    *day_verbs.RECORD_VERBS,
    *reporting_verbs.VERBS,
    *case_verbs.VERBS,
    *whistle_verbs.VERBS,
    *board_verbs.VERBS,
    *contest_verbs.VERBS,
    *contest_verbs.CASE_VERBS,
    *extension_verbs.VERBS,
    *meeting_verbs.VERBS,
    *rating_verbs.VERBS,
    *callback_verbs.VERBS,
    *supervision_verbs.VERBS,
    *catalogue.VERBS,
    *converting.VERBS,
    *joining.VERBS,
    *merging.VERBS,
    *setting_aside.VERBS,
    *handing_down.VERBS,
    *handing_down.RECORD_VERBS,
    *ending.VERBS,
    *case_consent_verbs.VERBS,
    *unit_verbs.VERBS,
    *register_verbs.VERBS,
    *people_verbs.VERBS,
    *place_verbs.VERBS,
    *representation_verbs.VERBS,
    *moving_verbs.VERBS,
    *team_verbs.VERBS,
    *volunteer_verbs.VERBS,
    *service_verbs.VERBS,
    *deadline_verbs.VERBS,
    *calendar_verbs.VERBS,
    *draft_verbs.VERBS,
    *exclusion_verbs.VERBS,
    *term_verbs.VERBS,
    *shift_verbs.VERBS,
    *order_consent_verbs.VERBS,
    *notification_verbs.VERBS,
)
EVERYDAY = (
    placing_verbs.place,
    dispatching_verbs.offer,
    dispatching_verbs.accept,
    dispatching_verbs.claim,
    order_verbs.start,
    order_verbs.deliver,
    outcome_verbs.rate,
)
"""What every connection is ready for from the start; each statement that it is not ready for costs one message, once."""


def create_app(settings: Settings) -> FastAPI:
    """The API. Raises UndeclaredOperation when an operation does not say who may call it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        crash.arm(settings.crash_at if settings.local else None)
        async with (
            httpx.AsyncClient() as http,
            Redis.from_url(settings.redis_url, socket_timeout=2) as redis,
            exposed(metrics.REGISTRY, settings.metrics_host, settings.api_metrics_port),
        ):
            database = await Database.connect(
                settings.database_url,
                size=settings.pool,
                warm=statements_of(EVERYDAY),
            )
            app.state.house = House(
                database=database,
                vault=Vault.from_text(settings.keyring, settings.index_key),
                tokens=AccessTokens(settings.secret_key, timedelta(minutes=settings.access_minutes)),
                refresh_life=timedelta(days=settings.refresh_days),
                passwords=Passwords(),
                wechat=WeChat(settings.wechat_url, settings.wechat_appid, settings.wechat_secret, http),
                http=http,
                redis=redis,
                throttle=Throttle(settings.redis_url),
            )
            # What lives as long as the process need not be looked at again by each collection.
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 20)
            yield
            app.state.house.passwords.close()
            await database.close()

    app = Application(version=VERSION, lifespan=lifespan)
    problems.install(app)
    for room in ROOMS:
        app.include_router(room, prefix="/v1")
    shortcut.install(app)
    census(app)
    return app
