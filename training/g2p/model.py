"""Letters to phones: two bidirectional GRU layers read the word, a GRU writes one chunk of phones a letter.

`letters [batch, length]` -> encoder `[batch, length, 2 * width]` -> chunk logits `[batch, length, chunks]`. The decoder sees
the encoder at its own letter and the chunk it wrote for the letter before, so that stress and vowels agree along the word.
"""

import torch
from torch import nn

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class G2p(nn.Module):
    def __init__(self, chunks, embed=64, width=256, decoder=320, feedback=64, dropout=0.3):
        super().__init__()
        self.sizes = dict(chunks=chunks, embed=embed, width=width, decoder=decoder, feedback=feedback)
        self.embed = nn.Embedding(len(LETTERS), embed)
        self.read1 = nn.GRU(embed, width, batch_first=True, bidirectional=True)
        self.read2 = nn.GRU(2 * width, width, batch_first=True, bidirectional=True)
        # Row `chunks` stands for the start of the word.
        self.written = nn.Embedding(chunks + 1, feedback)
        self.write = nn.GRU(2 * width + feedback, decoder, batch_first=True)
        self.out = nn.Linear(decoder, chunks)
        self.drop = nn.Dropout(dropout)

    def encode(self, letters):
        x = self.drop(self.read1(self.embed(letters))[0])
        return self.drop(self.read2(x)[0])

    def forward(self, letters, before):
        """Teacher forced: `before [batch, length]` is the chunk of the letter before (`chunks` at the start)."""
        x = torch.cat([self.encode(letters), self.written(before)], -1)
        return self.out(self.drop(self.write(x)[0]))

    @torch.no_grad()
    def beam(self, letters, width):
        """Best chunk sequence of every word by beam search: `[batch, length]`."""
        batch, length = letters.shape
        start, chunks = self.sizes["chunks"], self.sizes["chunks"]
        enc = self.encode(letters)
        state = torch.zeros(1, batch, self.sizes["decoder"])
        last = torch.full((batch, 1), start)
        score = torch.zeros(batch, 1)
        paths = torch.zeros(batch, 1, 0, dtype=torch.long)
        for i in range(length):
            beams = last.shape[1]
            x = torch.cat([enc[:, i].repeat_interleave(beams, 0), self.written(last.flatten())], -1)
            y, state = self.write(x[:, None], state)
            logp = self.out(y[:, 0]).log_softmax(-1).view(batch, beams, chunks)
            total = (score[:, :, None] + logp).flatten(1)
            score, best = total.topk(min(width, total.shape[1]), dim=1)
            parent, last = best // chunks, best % chunks
            rows = (torch.arange(batch)[:, None] * beams + parent).flatten()
            state = state[:, rows]
            paths = torch.cat([paths.gather(1, parent[:, :, None].expand(-1, -1, i)), last[:, :, None]], 2)
        return paths[:, 0]
