"""The numbers of the part on words in plain PyTorch, as programs that print them."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.captioning.vocabulary import END, MARKS, START
from explorer.sequences.words.one_step import DECAY, RATE, Optimiser
from explorer.sequences.words.skipgram import BATCH, NEAR, NEGATIVES, OFTEN, SIZE, STEPS, WINDOW
from explorer.sequences.words.skipgram import RATE as ADAM_RATE
from explorer.sequences.words.tables import Kind
from explorer.snippet import snippet


def step_snippet(kind: Kind, numbers: Sequence[int], *, frozen: bool, optimiser: Optimiser) -> str:
    """One step on a sentence, and which rows have another value afterwards."""
    made = f"SGD(learning, {RATE})" if optimiser == "sgd" else f"AdamW(learning, {RATE}, weight_decay={DECAY})"
    return snippet(
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        "from explorer.sequences.words.tables import load_table",
        f"vectors = torch.tensor(load_table({kind!r}).vectors)  # (words, numbers of each)",
        f"sentence = {list(numbers)}  # numbers of the words",
        f"inputs, wanted = torch.tensor([{START}, *sentence]), torch.tensor([*sentence, {END}])",
        f"table = nn.Embedding.from_pretrained(vectors.clone(), freeze={frozen})",
        "product = F.one_hot(inputs, len(vectors)).float() @ table.weight",
        "print('look-up is product:', torch.equal(table(inputs), product))",
        "torch.manual_seed(0)",
        "head = nn.Linear(vectors.shape[1], len(vectors))",
        "learning = [each for each in [*table.parameters(), *head.parameters()] if each.requires_grad]",
        f"optimiser = torch.optim.{made}",
        "F.cross_entropy(head(table(inputs)), wanted).backward()",
        "gradient = table.weight.grad",
        "rows = [] if gradient is None else gradient.any(1).nonzero().flatten().tolist()",
        "optimiser.step()",
        "moved = (table.weight != vectors).any(1).nonzero().flatten().tolist()",
        "print('rows with a gradient:', len(rows), rows)",
        "print('rows that moved:', len(moved), moved[:20])",
    )


def skipgram_snippet(word: str) -> str:
    """Train on the text of the page's NPZ from the first seed, and print the nearest words of one."""
    first = len(MARKS)
    return snippet(
        "import numpy as np",
        "import torch",
        "from collections import Counter",
        "from torch.nn import functional as F",
        "text = np.load('words.npz')['text'].tolist()",
        f"words = {list(MARKS)!r} + [word for word, _ in Counter(text).most_common()]",
        "text = torch.tensor([words.index(word) for word in text])",
        "counts = torch.bincount(text, minlength=len(words))",
        "noise = counts.double() ** 0.75",
        f"kept = ({OFTEN} * len(text) / counts.clamp(min=1)).sqrt().clamp(max=1)",
        "generator = torch.Generator().manual_seed(0)",
        f"centres = (torch.rand(len(words), {SIZE}, dtype=torch.float64, generator=generator) - 0.5) / {SIZE}",
        f"centres[:{first}] = 0",
        "centres.requires_grad_()",
        f"contexts = torch.zeros(len(words), {SIZE}, dtype=torch.float64, requires_grad=True)",
        f"optimiser = torch.optim.Adam([centres, contexts], {ADAM_RATE})",
        f"for _ in range({STEPS}):",
        f"    place = torch.randint(len(text), ({BATCH},), generator=generator)",
        f"    reach = torch.randint(1, {WINDOW + 1}, ({BATCH},), generator=generator)",
        f"    apart = (torch.rand({BATCH}, generator=generator) * reach).long() + 1",
        f"    other = place + apart * (torch.randint(0, 2, ({BATCH},), generator=generator) * 2 - 1)",
        "    inside = (other >= 0) & (other < len(text))",
        "    c, o = text[place], text[other.clamp(0, len(text) - 1)]",
        f"    stays = torch.rand(2, {BATCH}, generator=generator) < torch.stack([kept[c], kept[o]])",
        "    counted = (inside & stays.all(0)).double()",
        f"    drawn = torch.multinomial(noise, {BATCH * NEGATIVES}, True, generator=generator)",
        f"    drawn = drawn.view({BATCH}, {NEGATIVES})",
        "    near = F.logsigmoid((centres[c] * contexts[o]).sum(1))",
        "    far = F.logsigmoid(-(contexts[drawn] @ centres[c][:, :, None])[..., 0]).sum(1)",
        "    loss = -((near + far) * counted).sum() / counted.sum().clamp(min=1)",
        "    optimiser.zero_grad()",
        "    loss.backward()",
        "    optimiser.step()",
        f"rows = F.normalize(centres.detach()[{first}:], dim=1)",
        f"cosines = rows @ rows[words.index({word!r}) - {first}]",
        f"for number in cosines.argsort(descending=True)[1:{NEAR + 1}].tolist():",
        f"    print(words[number + {first}], cosines[number].item())",
    )


def analogy_snippet(kind: Kind, question: Sequence[str]) -> str:
    """The words nearest to b - a + c."""
    return snippet(
        "import torch",
        "from torch.nn import functional as F",
        "from explorer.sequences.words.tables import load_table",
        f"table = load_table({kind!r})",
        "rows = F.normalize(torch.tensor(table.vectors).double(), dim=1)",
        f"a, b, c = table.vocabulary.encode({list(question[:3])!r})",
        "cosines = rows @ F.normalize(rows[b] - rows[a] + rows[c], dim=0)",
        f"cosines[[*range({len(MARKS)}), a, b, c]] = -1  # the marks, and the words of the question",
        "for number in cosines.argsort(descending=True)[:5].tolist():",
        "    print(table.vocabulary.words[number], cosines[number].item())",
    )
