"""Project texts of ours, in both languages, by purpose of the source row."""

from __future__ import annotations

# source purpose → (our purpose code, [(language, title, summary, item)])
TEXTS: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "radio/television": (
        "equipment",
        [
            ("zh-hans", "小型录音棚添置设备", "为社区录音棚购买话筒和监听音箱，已有固定的有声书订单。", "录音设备"),
            ("en", "Sound gear for a small studio", "Microphones and monitors for a neighborhood studio with standing audiobook orders.", "Sound gear"),
        ],
    ),
    "car (new)": (
        "vehicle",
        [
            ("zh-hans", "冷藏配送车一辆", "为生鲜配送添置一辆小型冷藏车，替换每月租车。", "冷藏车"),
            ("en", "A small refrigerated van", "A van for fresh deliveries that replaces one rented by the month.", "Van"),
        ],
    ),
    "car (used)": (
        "vehicle",
        [
            ("zh-hans", "二手面包车用于上门维修", "上门维修业务需要一辆可靠的二手面包车。", "二手车"),
            ("en", "A used van for repair calls", "A reliable used van for a repair business that goes to its customers.", "Used van"),
        ],
    ),
    "furniture/equipment": (
        "equipment",
        [
            ("zh-hans", "面包房第二台烤箱", "面包房上午十点前售罄，第二台烤箱可以多供两条街。", "层炉"),
            ("en", "A second oven for a bakery", "The bakery sells out by ten; a second deck oven serves two more streets.", "Deck oven"),
        ],
    ),
    "business": (
        "working_capital",
        [
            ("zh-hans", "茶叶春季收购周转", "春茶收购需要三个月的周转，买家合同已签。", "春茶收购"),
            ("en", "Buying spring tea", "Three months of working capital for the spring harvest, with buyers under contract.", "Tea"),
        ],
    ),
    "education": (
        "education",
        [
            ("zh-hans", "护理专业进修", "在职进修两学期，结业后岗位工资上调。", "学费"),
            ("en", "Two terms of nursing training", "Training beside the job; the post afterwards pays more.", "Fees"),
        ],
    ),
    "repairs": (
        "home",
        [
            ("zh-hans", "老屋屋顶翻修", "雨季前修好屋顶，已有两家工队报价。", "屋顶翻修"),
            ("en", "A new roof before the rains", "Mending the roof of an old house, with two quotes in hand.", "Roof"),
        ],
    ),
    "other": (
        "other",
        [
            ("zh-hans", "社区洗衣房开张", "社区洗衣房的首批机器与押金。", "洗衣机与押金"),
            ("en", "Opening a neighborhood laundry", "First machines and the deposit for a neighborhood laundry.", "Machines and deposit"),
        ],
    ),
}


def text_for(purpose: str, serial: int) -> tuple[str, tuple[str, str, str, str]]:
    """(purpose code, (language, title, summary, item)) for the serial-th loan."""
    code, variants = TEXTS.get(purpose, TEXTS["other"])
    return code, variants[serial % len(variants)]
