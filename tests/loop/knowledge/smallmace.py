"""Training of a MACE small enough for a test, as plain PyTorch."""

from loop.knowledge.chgnetmodel import ChgnetModel
from loop.knowledge.confinement import confined
from loop.knowledge.energies import prepared
from loop.knowledge.relaxation import atoms_of
from tests.loop.knowledge.structures import rocksalt

STEPS = 30
EDGES = (4.0, 4.2, 4.4)
ELEMENTS = (8, 12, 20)


def structures():
    return [
        prepared(rocksalt(metal, edge + shift))
        for metal, shift in (("Mg", 0.0), ("Ca", 0.6))
        for edge in EDGES
    ]


def trained(path):
    """Fit total energies and save the whole model; return (first, last) loss."""
    import torch

    with confined("float64"):
        torch.manual_seed(0)
        cells = structures()
        wanted = torch.tensor(ChgnetModel(device="cpu").energy(cells))
        offset = float(wanted.mean())
        model = _model(offset)
        batch = _batch(cells)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            out = model(batch.to_dict(), training=True, compute_force=False)
            loss = ((out["energy"] / 2 - wanted) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        torch.save(model, path)
    return losses[0], losses[-1]


def _model(offset):
    import numpy as np
    import torch

    # Before e3nn, whose files it lets PyTorch read.
    from mace import modules  # isort: skip
    from e3nn import o3  # isort: skip

    return modules.ScaleShiftMACE(
        r_max=4.0, num_bessel=4, num_polynomial_cutoff=5, max_ell=1,
        interaction_cls=modules.interaction_classes[
            "RealAgnosticResidualInteractionBlock"
        ],
        interaction_cls_first=modules.interaction_classes[
            "RealAgnosticResidualInteractionBlock"
        ],
        num_interactions=2, num_elements=len(ELEMENTS),
        hidden_irreps=o3.Irreps("8x0e"), MLP_irreps=o3.Irreps("4x0e"),
        atomic_energies=np.full(len(ELEMENTS), offset), avg_num_neighbors=12.0,
        atomic_numbers=list(ELEMENTS), correlation=2, gate=torch.nn.functional.silu,
        atomic_inter_scale=1.0, atomic_inter_shift=0.0,
    )  # fmt: skip


def _batch(cells):
    from mace import data
    from mace.tools import AtomicNumberTable, torch_geometric

    table = AtomicNumberTable(list(ELEMENTS))
    keys = data.KeySpecification(info_keys={}, arrays_keys={})
    graphs = [
        data.AtomicData.from_config(
            data.config_from_atoms(atoms_of(cell), key_specification=keys),
            z_table=table, cutoff=4.0,
        )
        for cell in cells
    ]  # fmt: skip
    return torch_geometric.Batch.from_data_list(graphs)
