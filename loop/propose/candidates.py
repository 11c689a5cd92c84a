"""The candidates of a load as the models see them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from campaigns.recipe import Parameters
from loop.propose.calculated import Figures
from loop.propose.columns import Columns
from loop.propose.encoding import Encoder
from loop.propose.question import Question


class Candidates:
    """A question's pool, encoded once."""

    def __init__(self, question: Question, encoder: Encoder) -> None:
        """Encode the pool."""
        self.question, self.encoder = question, encoder
        self.columns = Columns(*encoder.sizes, encoder.n_forecasts)
        self.places = torch.from_numpy(question.pool.places.copy())
        """Which sample stands at each place of a profile, shape `n x w`."""
        shared, own, physics = encoder.pool_rows(question.pool)
        self.shared = torch.from_numpy(shared)
        self.own = torch.from_numpy(own)
        self.physics = torch.from_numpy(physics)
        """Forecasts and physics, shape `n x w x (n_forecasts + N_PHYSICS)`."""
        self.calculated = Figures(question.spec.objectives, physics[:, 0])
        self.allowed = self.calculated.within_thresholds(
            torch.from_numpy(question.pool.allowed)
        )
        """Which may be taken, `n x w`: those of any use by what is calculated."""

    def at(self, profile: int | Sequence[int]) -> Tensor:
        """Return columns of a profile's places, `w x d`; of several, `p x w x d`."""
        own = self.own[self.places[profile]]
        shared = self.shared[profile].unsqueeze(-2).expand(*own.shape[:-1], -1)
        return torch.cat([shared, own, self.physics[profile]], dim=-1)

    def rows(
        self, points: Sequence[Parameters], slots: Sequence[str] | None = None
    ) -> Tensor:
        """Return the columns of points, shape `n x d`; see `Encoder.rows`."""
        return torch.from_numpy(self.encoder.rows(points, slots))

    def scored(self) -> Tensor:
        """Return the columns of the scored trials as carried out, shape `k x d`."""
        return self.rows([trial.measured for trial in self.question.scored])

    def pending(self) -> Tensor | None:
        """Return the columns of samples on their way, shape `p x d`."""
        planned = [t.planned for t in self.question.trials if t.status == "pending"]
        return self.rows(planned) if planned else None
