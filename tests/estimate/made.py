"""Past cases that the project makes itself, from coefficients that it knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.estimate.design import bind
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.model import read_model
from escalade.estimate.observations import leaves
from escalade.estimate.table import Table

Spec = dict[str, Any]

DETERRENCE: Spec = {
    "model": 1,
    "title": "Deterrence",
    "tree": {
        "attacker": {
            "wait": "status quo",
            "attack": {"defender": {"give way": "gain", "resist": "war"}},
        }
    },
    "utilities": {
        "attacker": {"status quo": [1, "trade"], "war": ["balance"]},
        "defender": {"war": [1, "ally"]},
    },
    "error": "private",
    "observed": "end",
}
TRUTH = np.array([0.3, 0.8, 1.2, -0.4, 1.0])

THREE_WAYS: Spec = {
    "model": 1,
    "tree": {
        "leader": {
            "talk": {"elite": {"loyal": "talks", "revolt": "coup"}},
            "fight": {
                "chance": {
                    "won": {"p": 0.4, "then": "victory"},
                    "lost": {"p": 0.6, "then": {"elite": {"loyal": "defeat", "revolt": "fall"}}},
                }
            },
            "wait": "stalemate",
        }
    },
    "utilities": {
        "leader": {
            "talks": [1, "trade"], "coup": -1.5, "victory": ["balance"], "fall": -2,
            "stalemate": ["trade * balance"],
        },
        "elite": {"coup": [1, "ally"], "fall": "power * ally - power * power / 4"},
    },
    "coefficients": ["power"],
    "error": "probit",
    "observed": "end",
}  # fmt: skip

SIGNAL: Spec = {
    "model": 1,
    "title": "Threats",
    "tree": {
        "challenger": {
            "wait": "status quo",
            "threaten": {
                "defender": {
                    "yield": "gain",
                    "resist": {"challenger": {"fight": "war", "back down": "retreat"}},
                }
            },
        }
    },
    "types": {"challenger": {"resolute": [1, "ally"], "bluffing": "rest"}},
    "utilities": {
        "challenger": {
            "gain": [1], "war": {"resolute": 1.5, "bluffing": -2}, "retreat": -1,
        },
        "defender": {"gain": -1, "war": ["ally"]},
    },
    "observed": "end",
}  # fmt: skip
SIGNAL_TRUTH = np.array([-0.3, 1.0, 1.2, -0.6])

UNSEEN: Spec = {
    "model": 1,
    "title": "A raid at night",
    "tree": {
        "raider": {
            "north": {"guard, at night": {"north": "caught", "south": "through"}},
            "south": {"guard, at night": {"north": "through", "south": "caught"}},
        }
    },
    "utilities": {"raider": {"through": [1, "trade"]}, "guard": {"caught": "stake"}},
    "coefficients": ["stake"],
    "observed": {"moves": {"went": {}, "stood": {}}},
}


def columns(n: int, seed: int) -> dict[str, NDArray[Any]]:
    """Covariates of n cases."""
    random = np.random.default_rng(seed)
    return {
        "trade": random.normal(size=n),
        "balance": random.normal(size=n),
        "ally": (random.uniform(size=n) < 0.5).astype(float),
    }


def cases(spec: Spec, theta: NDArray[np.float64], n: int, seed: int) -> Table:
    """Cases whose ends are drawn from a model; the column ``end`` names them."""
    given = columns(n, seed)
    model = read_model(spec)
    names = [model.tree.outcomes[outcome] for _, outcome in leaves(model.tree)]
    table = Table(given | {"end": np.full(n, names[0])})
    chances = Likelihood(bind(model, table)).chances(theta)
    drawn = np.random.default_rng([seed, 1]).uniform(size=n)
    ends = (np.cumsum(chances, axis=0) < drawn).sum(axis=0)
    return Table(given | {"end": np.array(names)[np.minimum(ends, len(names) - 1)]})


def threats(theta: NDArray[np.float64], ally: float) -> NDArray[np.float64]:
    """The ends of `SIGNAL`, from its equations written out and solved by bisection."""
    share = 1.0 / (1.0 + np.exp(-(theta[0] + theta[1] * ally)))
    shares, war = np.array([share, 1.0 - share]), np.array([1.5, -2.0])
    fight = 1.0 / (1.0 + np.exp(-1.0 - war))
    later = fight * war - (1.0 - fight)

    def threaten(resist: float) -> NDArray[np.float64]:
        return 1.0 / (1.0 + np.exp(-((1.0 - resist) * theta[2] + resist * later)))

    def reply(resist: float) -> float:
        made = shares * threaten(resist)
        gain = made @ fight / made.sum() * theta[3] * ally
        return float(1.0 / (1.0 + np.exp(-1.0 - gain))) - resist

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reply(middle) > 0 else (low, middle)
    made_by, resist = shares * threaten(low), low
    fought = made_by @ fight * resist
    return np.array([1 - made_by.sum(), made_by.sum() * (1 - resist), fought,
                     made_by.sum() * resist - fought])  # fmt: skip
