"""Models of the published estimates, and how R's names of coefficients read here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Spec = dict[str, Any]

CRISIS: Spec = {
    "model": 1,
    "title": "Crises of the nineteenth century",
    "tree": {
        "challenger": {
            "stay": "status quo",
            "escalate": {"target": {"back down": "concession", "fight": "war"}},
        }
    },
    "utilities": {
        "challenger": {"status quo": [1, "s_wt_re1", "revis1"], "war": [1, "regime1"]},
        "target": {"war": [1, "balanc", "regime2"]},
    },
    "error": "probit",
    "missing": "drop",
    "observed": {
        "moves": {
            "esc": {"stay": 0, "escalate": 1},
            "war": {"back down": 0, "fight": 1},
        }
    },
}
CRISIS_FIXED: Spec = CRISIS | {
    "utilities": {
        "challenger": {"status quo": -1, "concession": 0, "war": -1.4},
        "target": {"war": 0.1},
    },
    "scale": "estimated",
}
ROOT_TWO = 2.0**0.5  # R's logit errors have this scale

ATTACK: Spec = {
    "model": 1,
    "title": "Speculative attacks",
    "tree": {
        "market": {
            "hold": "no attack",
            "attack": {"government": {"devalue": "devaluation", "defend": "defense"}},
        }
    },
    "utilities": {
        "market": {
            "no attack": [
                "capcont", "lreserves", "overval", "creditgrow", "USinterest", "service",
                "contagion", "prioratt",
            ],
            "devaluation": [1],
            "defense": [1],
        },
        "government": {
            "defense": [
                1, "unifgov", "lexports", "preelec", "postelec", "rightgov", "realinterest",
                "capcont", "lreserves",
            ]
        },
    },
    "error": "private",
    "observed": "outcome",
}  # fmt: skip
ATTACK_BRIEF: Spec = ATTACK | {
    "utilities": {
        "market": {"no attack": ["lreserves", "overval"], "devaluation": [1], "defense": [1]},
        "government": {"defense": [1, "preelec", "realinterest"]},
    },
    "scale": ["prioratt"],
}
ATTACK_FIXED: Spec = ATTACK | {
    "utilities": {
        "market": {"no attack": 1, "devaluation": -1, "defense": 0},
        "government": {"defense": 1},
    },
    "scale": "estimated",
}

TWO_REPLIES: Spec = {
    "model": 1,
    "title": "Two second movers",
    "tree": {
        "first": {
            "left": {"second": {"left": "LL", "right": "LR"}},
            "right": {"second": {"left": "RL", "right": "RR"}},
        }
    },
    "utilities": {
        "first": {"LL": [1, "x1", "x2"], "LR": [1, "x3", "f1"], "RR": [1, "x4", "x5"]},
        "second": {"LR": [1, "z1", "z2"], "RR": [1, "z3", "f2"]},
    },
    "error": "probit",
    "observed": "y",
}
THREE_MOVERS: Spec = {
    "model": 1,
    "title": "Three movers",
    "tree": {
        "first": {
            "stop": "none",
            "go": {
                "second": {
                    "stop": "one",
                    "go": {"third": {"stop": "two", "go": "three"}},
                }
            },
        }
    },
    "utilities": {
        "first": {"none": [1, "x1", "x2"], "two": [1, "x3"], "three": [1, "x4", "x5"]},
        "second": {"two": [1, "x6"], "three": [1, "x7"]},
        "third": {"three": [1, "x8"]},
    },
    "error": "private",
    "observed": {"column": "y", "ends": {"none": 1, "one": 3, "two": 5, "three": 6}},
}


def ultimatum(most: float, scale: object, first: list[object], second: list[object]) -> Spec:
    """An offer and the reply to it; what both have without a deal depends on columns."""
    reply = {"responder": {"accept": "deal", "refuse": "none"}}
    return {
        "model": 1,
        "title": "Ultimatum",
        "tree": {
            "proposer": {"offer": {"from": 0, "to": most, "private": "none", "then": reply}},
        },
        "utilities": {
            "proposer": {"deal": f"{most:g} - offer", "none": first},
            "responder": {"deal": "offer", "none": second},
        },
        "error": "logit",
        "scale": {"proposer": "estimated", "responder": scale},
        "observed": {"moves": {"offer": {}, "accept": {"accept": 1, "refuse": 0}}},
    }


SHARED_WORTH = ["w1", "w2"]
BARGAINS: dict[str, tuple[Spec, str]] = {
    "data_ult_ultimatum": (
        ultimatum(
            15, "estimated", [1, "x1", "x2", "x3", "x4", *SHARED_WORTH],
            [1, "z1", "z2", "z3", "z4", *SHARED_WORTH],
        ),
        "data_ult",
    ),
    "ultimatum2010": (ultimatum(100, 3, [1, "gender1"], [1, "gender2"]), "ultimatum2010"),
    "student_offers_ultimatum": (
        ultimatum(100, 1, [1, "gender1"], [1, "gender2"]), "student_offers",
    ),
}  # fmt: skip
BARGAIN_TERMS: dict[str, str] = {
    "R1": "proposer(none)", "R2": "responder(none)", "(Intercept)": "constant",
    "log(s1)": "log scale(proposer)", "log(s2)": "log scale(responder)",
}  # fmt: skip

ENDS = {  # R's name of an end, and ours
    "~esc": "status quo", "esc,~war": "concession", "esc,war": "war",
    "1": "none", "3": "one", "5": "two", "6": "three",
}  # fmt: skip


def term(name: str, actors: tuple[str, ...], levels: Mapping[str, str]) -> str:
    """Our name of a coefficient that R calls `name`, as in ``u1(esc,war):regime1dem``."""
    if name.startswith("log(sigma"):
        inside = name.removeprefix("log(sigma").partition(")")
        scale = f"log scale({actors[int(inside[0]) - 1]})" if inside[0] else "log scale"
        return scale + inside[2].replace(":", ": ")
    utility, _, regressor = name.partition("):")
    actor, _, end = utility.partition("(")
    regressor = levels.get(regressor, regressor)
    shown = "constant" if regressor == "(Intercept)" else regressor
    return f"{actors[int(actor[1:]) - 1]}({ENDS.get(end, end)}): {shown}"
