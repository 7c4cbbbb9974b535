"""Which numbers belong in no text that others read, and which pass."""

import pytest

from app.kernel.private_numbers import CARD_ELSEWHERE, PHONE_ELSEWHERE, why_private


@pytest.mark.parametrize(
    "number",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "+86 138 1234 5678",
        "+8613812345678",
        "008613812345678",
        "１３８１２３４５６７８",
        "138　1234　5678",
        "138\u20111234\u20115678",
        "138  1234  5678",
        "013812345678",
        "138/1234/5678",
        "138\n1234\n5678",
        "一三八一二三四五六七八",
        "幺三八一二三四五六七八",
        "138一2345六78",
    ],
)
@pytest.mark.parametrize(
    "text",
    ["{}", "请打{}找我", "手机:{},白天在家", "张三-{}-白天在家", "tel{}", "3 号楼 2 单元,{}", "9:30 以后\n{}\n谢谢"],
)
def test_a_mobile_number_is_found_however_it_is_grouped(number: str, text: str) -> None:
    assert why_private(text.format(number)) == PHONE_ELSEWHERE


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_the_number_of_an_identity_card_is_found(number: str) -> None:
    assert why_private(f"身份证 {number},请查") == CARD_ELSEWHERE
    assert why_private(f"{number},电话 13812345678") == CARD_ELSEWHERE


@pytest.mark.parametrize(
    "text",
    [
        "周三上午想请人陪我去医院取药",
        "请拨打 12345、0351-6012345 或 400-810-1234",
        "010-62345678 转 8001",
        "2026-03-01 13:00 到 15:30",
        "2026年3月1日至2026年4月1日,每天 8:30-11:30",
        "订单 01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80",
        "12812345678",  # no mobile number begins so
        "138123456789",  # twelve digits
        "1381234567",
        "票据号 20260301123456789012",
        "110105194912310021",  # the check character is another one
        "110105194913310026",  # no such month
        "合同 913812345678",
        "金额 13812.34",
        "楼号 138,门牌 1234,另有 5678",
        "收据 No.150-20261126",
        "二〇二六年三月一日,一三五楼,一二三四",
        "水表读数 135 2026 1126",
        "132\u20132019\u20132020 学年",
        "与订单 01a218a4-b399-750e-b165-13812345678f 一并办理",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert why_private(text) is None


@pytest.mark.parametrize("field", ["description", "elsewhere", "other_help"])
def test_an_office_says_whom_to_call_instead_by_a_mobile_number_but_by_no_card(field: str) -> None:
    assert why_private("可联系张师傅 13812345678", field) is None
    assert why_private("凭身份证 11010519491231002X", field) == CARD_ELSEWHERE
