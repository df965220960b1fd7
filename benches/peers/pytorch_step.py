#!/usr/bin/env python3
"""The training step in PyTorch on the CPU: `eager` with the fused Adam, or model, loss and Adam by `torch.compile`."""

import torch
from torch import nn

import peer


def network(model: peer.Model) -> nn.Sequential:
    layers = []
    for index, (weight, bias) in enumerate(peer.glorot(model)):
        linear = nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers.append(linear)
        if index < len(model.relu) and model.relu[index]:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def main() -> None:
    args = peer.arguments(["eager", "compile"])
    torch.set_num_threads(args.threads)
    model = peer.MODELS[args.model]
    images = torch.from_numpy(peer.images(args.data, "train"))
    net = network(model)
    compiled = args.variant == "compile"
    # Fused is the fastest as it comes; the compiler makes a kernel of its own from the plain operations.
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=not compiled)
    update = optimizer.step
    bce = nn.functional.binary_cross_entropy_with_logits

    def loss_of(x: torch.Tensor) -> torch.Tensor:
        return bce(net(x), x)

    if compiled:
        loss_of, update = torch.compile(loss_of), torch.compile(update)

    def block(rows) -> float:
        losses = []
        for batch in torch.from_numpy(rows):
            loss = loss_of(images.index_select(0, batch))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            update()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item()

    peer.measure("pytorch", torch.__version__.split("+")[0], args, len(images), block)


if __name__ == "__main__":
    main()
