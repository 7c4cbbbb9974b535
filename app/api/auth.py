"""Logging in and out: by WeChat code or by password, and whose a phone is; access token and rotating refresh token
(migrations/sql/auth.sql)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Form
from pydantic import Field
from pydantic_core import PydanticCustomError

from app.api.census import FORM, PUBLIC, SIGNED_IN, Api, Tag
from app.api.deps import House, KeylessRun, Receipt, TheCaller, TheHouse, receipt
from app.api.docs import ADMIN_ONLY, PasswordForm
from app.api.problems import problems
from app.api.schema import In, Out
from app.api.throttle import PHONES, WRONG_PASSWORDS, TooManyAttempts
from app.domain.people import errors
from app.domain.people import service as people
from app.domain.people.repository import get_person
from app.integrations.wechat import PhoneCodeInvalid, WechatCodeInvalid, WechatUnavailable, WechatUserBlocked
from app.kernel.errors import FieldFault, InvalidInput, NotSignedIn
from app.kernel.ids import new_id
from app.kernel.passwords import check_new_password
from app.kernel.text import Line, Opaque, read_phone
from app.kernel.time import Moment, real_now
from app.kernel.tokens import new_refresh_secret, parse_refresh_token
from app.kernel.vault import mask_name, mask_phone

api = Api(prefix="/auth", tags=(Tag.LOGIN,))


class WechatLoginIn(In):
    code: Annotated[str, Line(256)] = Field(description="wx.login 得到的 code,只能用一次,五分钟内有效")


class RefreshIn(In):
    refresh_token: Annotated[str, Opaque(512)] = Field(description="上一次得到的刷新令牌,只能用一次")


class PasswordChangeIn(In):
    current_password: Annotated[str, Opaque(128)] = Field(description="现在的密码")
    new_password: Annotated[str, Opaque(128)] = Field(description="新密码,至少 10 个字符")


class TokensOut(Out):
    access_token: str = Field(description="访问令牌,放在请求头 Authorization: Bearer 之后")
    token_type: str = Field(default="bearer", description="固定为 bearer")
    expires_in: int = Field(description="访问令牌多少秒后过期")
    refresh_token: str = Field(description="刷新令牌,过期前用它换新的一对")
    refresh_expires_at: Moment = Field(description="刷新令牌的过期时间")


class PhoneProofIn(In):
    code: Annotated[str, Line(256)] = Field(
        description="手机号快速验证组件得到的 code,不是登录的那个;只能用一次,五分钟内有效"
    )
    take_over: bool = Field(
        default=False, strict=True, description="true:社区站点用这个号码登记的居民就是我本人,那份资料归我"
    )


class PhoneProvedOut(Out):
    phone: str = Field(description="已验证的手机号(隐去中间四位)")
    sign_in_again: bool = Field(
        description="true:社区站点曾用这个号码为您登记过,以后就用那份资料,请重新登录;false:号码已记在现在的账号下"
    )
    record_apart: bool = Field(
        description="true:站点用这个号码登记的那份资料连同其订单没有并入现在的账号,仍由站点办理(电话见 getPlace)"
    )


class GoneOut(Out):
    done: bool = Field(default=True, description="总是 true")


TOKENS = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.sig",
    "token_type": "bearer",
    "expires_in": 1800,
    "refresh_token": "AZhaPH0efwCKay9MXW5_gA",
    "refresh_expires_at": "2026-03-31T09:00:00+08:00",
}


@api.post(
    "/wechat",
    rule=PUBLIC,
    operation_id="loginWithWechat",
    tags=(Tag.RESIDENT,),
    summary="用微信登录",
    example={"code": "demo:王奶奶"},
    answer=TOKENS,
    responses=problems(WechatCodeInvalid, WechatUserBlocked, WechatUnavailable, errors.PersonDisabled),
)
async def login_with_wechat(body: WechatLoginIn, house: TheHouse) -> TokensOut:
    openid = await house.wechat.code_to_session(body.code)
    found = await house.database.call("SELECT * FROM auth_person_by_openid($1, $2, $3)", openid, new_id(), real_now())
    if found[0]["disabled"]:
        raise errors.PersonDisabled
    return await _open(house, found[0]["person_id"])


@api.post(
    "/phone",
    rule=SIGNED_IN,
    operation_id="provePhone",
    tags=(Tag.RESIDENT,),
    summary="用微信验证我的手机号",
    description="号码归验证的人:别人填写过这个号码的,从他的资料里去掉并告诉他。"
    "社区站点用这个号码登记过一位居民的,先问是不是您本人:是的,填 take_over 再验证一次,那份资料连同订单归您;"
    "您的微信已有订单、申请或任职的,两份资料不合并,只有号码归您:站点登记的订单仍向站点查询和转达,站点会收到消息",
    example={"code": "demo:13812345678"},
    answer={"phone": "138****5678", "sign_in_again": False, "record_apart": False},
    responses=problems(
        *(PhoneCodeInvalid, WechatUnavailable, errors.PhoneAbroad, errors.PhoneTaken, errors.NotByWechat),
        *(errors.PhoneRegistered, TooManyAttempts),
    ),
)
async def prove_phone(body: PhoneProofIn, house: TheHouse, caller: TheCaller) -> PhoneProvedOut:
    (asked,) = await house.database.call("SELECT auth_openid_of($1) AS openid", caller.person_id)
    if asked["openid"] is None:
        raise errors.NotByWechat
    await house.throttle.attempt(PHONES, str(caller.person_id))
    told = await house.wechat.phone_number(body.code, asked["openid"])
    try:
        phone = read_phone(told)
    except PydanticCustomError:
        raise errors.PhoneAbroad from None
    found = await _prove(house, caller.person_id, phone, body.take_over)
    match found["outcome"]:
        case "officers":
            raise errors.PhoneTaken
        case "disabled":
            raise NotSignedIn
        case "registered":
            raise errors.PhoneRegistered.of(mask_name(house.vault.open("name", found["whose"])))
    outcome = found["outcome"]
    return PhoneProvedOut(
        phone=mask_phone(phone), sign_in_again=outcome == "taken_over", record_apart=outcome == "moved"
    )


async def _prove(house: House, person_id: UUID, phone: str, take_over: bool) -> Any:
    """Once more where somebody typed the number in at the same moment: then it has a holder; or where they did something else."""
    given = (person_id, house.vault.seal("phone", phone), house.vault.index("phone", phone), take_over)
    proving = "SELECT * FROM auth_phone_proved($1, $2, $3, $4)"
    try:
        (found,) = await house.database.call(proving, *given)
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
        (found,) = await house.database.call(proving, *given)
    return found


@api.post(
    "/password",
    rule=PUBLIC,
    operation_id="loginWithPassword",
    summary="工作人员用登录名和密码登录",
    intake=FORM,
    audience=ADMIN_ONLY,
    example={"username": "admin", "password": "k7wm-p3xe-9tqa-hd2f", "grant_type": "password"},
    answer=TOKENS,
    responses=problems(errors.WrongPassword, errors.PersonDisabled, TooManyAttempts),
)
async def login_with_password(form: Annotated[PasswordForm, Form()], house: TheHouse) -> TokensOut:
    await house.throttle.attempt(WRONG_PASSWORDS, form.username.lower())
    found = await house.database.call("SELECT * FROM auth_person_by_login_name($1)", form.username)
    stored = found[0]["password_hash"] if found else None
    if not await house.passwords.verify_password(stored, form.password):
        raise errors.WrongPassword
    await house.throttle.forgive(WRONG_PASSWORDS, form.username.lower())
    if found[0]["disabled"]:
        raise errors.PersonDisabled
    return await _open(house, found[0]["person_id"])


@api.post(
    "/refresh",
    rule=PUBLIC,
    operation_id="refreshToken",
    summary="登录快要过期时,用刷新令牌换新的,不必再次登录",
    description="刷新令牌换过一次即作废;换过之后十秒内再用一次仍可换到新的,答复没有收到时可以重来。更晚再用视为被盗,这次登录随即失效",
    example={"refresh_token": "AZhaPH0efwCKay9MXW5_gA"},
    answer=TOKENS,
    responses=problems(NotSignedIn),
)
async def refresh_token(body: RefreshIn, house: TheHouse) -> TokensOut:
    token = parse_refresh_token(body.refresh_token)
    secret, expires = new_refresh_secret(), real_now() + house.refresh_life
    row = (
        await house.database.call(
            "SELECT * FROM auth_session_rotate($1, $2, $3, $4, $5, $6)",
            token.family, token.seq, token.token_hash, secret.token_hash, expires, real_now(),
        )
    )[0]  # fmt: skip
    if row["outcome"] != "ok":
        raise NotSignedIn
    return _tokens(house, row["person_id"], token.family, secret.text(token.family, row["new_seq"]), expires)


@api.post(
    "/logout",
    rule=SIGNED_IN,
    operation_id="logout",
    summary="退出登录,这次登录立即失效",
    answer={"done": True},
)
async def logout(house: TheHouse, caller: TheCaller) -> GoneOut:
    await house.database.call("SELECT auth_session_close($1, $2)", caller.family, caller.person_id)
    return GoneOut()


@api.post(
    "/password/change",
    rule=SIGNED_IN,
    operation_id="changePassword",
    summary="修改自己的密码,之后须重新登录",
    audience=ADMIN_ONLY,
    example={"current_password": "k7wm-p3xe-9tqa-hd2f", "new_password": "m4tz-8rqk-w2vn-c6yp"},
    answer=receipt("change_password", 2),
    responses=problems(InvalidInput, errors.NoPassword, TooManyAttempts),
)
async def change_password(body: PasswordChangeIn, run: KeylessRun) -> Receipt:
    house, caller = run.house, run.caller
    async with house.database.reading(caller.person_id, caller.family) as connection:
        me = await get_person(connection, caller.person_id)
    if me["login_name"] is None:
        raise errors.NoPassword
    await house.throttle.attempt(WRONG_PASSWORDS, me["login_name"].lower())
    found = await house.database.call("SELECT * FROM auth_person_by_login_name($1)", me["login_name"])
    if not await house.passwords.verify_password(found[0]["password_hash"], body.current_password):
        # No 401: the log-in holds, and nobody need log in again.
        raise InvalidInput(fields=(FieldFault("/body/current_password", "wrong-password", "现在的密码不正确"),))
    await house.throttle.forgive(WRONG_PASSWORDS, me["login_name"].lower())
    if body.new_password == body.current_password:
        raise InvalidInput(fields=(FieldFault("/body/new_password", "same-password", "新密码不能与现在的相同"),))
    check_new_password(body.new_password, me["login_name"], pointer="/body/new_password")
    return await run(people.change_password, password_hash=await house.passwords.hash_password(body.new_password))


async def _open(house: House, person_id: UUID) -> TokensOut:
    family, secret, expires = new_id(), new_refresh_secret(), real_now() + house.refresh_life
    opened = await house.database.call(
        "SELECT auth_session_open($1, $2, $3, $4)", family, person_id, secret.token_hash, expires
    )
    if not opened[0][0]:
        raise errors.PersonDisabled
    return _tokens(house, person_id, family, secret.text(family, 1), expires)


def _tokens(house: House, person_id: UUID, family: UUID, refresh: str, expires: datetime) -> TokensOut:
    access = house.tokens.issue(person_id, family)
    return TokensOut(
        access_token=access.text,
        expires_in=int((access.expires_at - real_now()).total_seconds()),
        refresh_token=refresh,
        refresh_expires_at=expires,
    )
