#!/usr/bin/env python3
"""The training step in JAX on the CPU: a whole block is one jitted `lax.scan` with donated parameters."""

import os
from functools import partial

import peer

args = peer.arguments(["jit"])
# XLA sizes its thread pool once, from this variable, or from the processors the process may use. It vectorises
# for 256 bits unless told to use what the processor has.
os.environ["NPROC"] = str(args.threads)
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])

import jax
import jax.numpy as jnp

# Steps of the scan that are compiled into one: the fastest of those tried (README.md).
UNROLL = {"shallow-32": 4, "deep-2": 1}
LEARNING_RATE, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


def main() -> None:
    jax.config.update("jax_platforms", "cpu")
    model = peer.MODELS[args.model]
    images = jnp.asarray(peer.images(args.data, "train"))
    params = jax.tree.map(jnp.asarray, peer.glorot(model))
    zeros = lambda: jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros(), zeros(), jnp.float32(0))

    def loss_of(params, x):
        z = x
        for index, (weight, bias) in enumerate(params):
            z = z @ weight + bias
            if index < len(model.relu) and model.relu[index]:
                z = jax.nn.relu(z)
        return jnp.mean(jnp.maximum(z, 0) - z * x + jnp.log1p(jnp.exp(-jnp.abs(z))))

    def step(images, state, rows):
        params, m, v, t = state
        x = images.at[rows].get(mode="promise_in_bounds")
        loss, gradients = jax.value_and_grad(loss_of)(params, x)
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradients)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, gradients)
        rate = LEARNING_RATE * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        eps = EPS * jnp.sqrt(1 - BETA2**t)
        params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + eps), params, m, v)
        return (params, m, v, t), loss

    def steps(images, state, rows):
        state, losses = jax.lax.scan(partial(step, images), state, rows, unroll=UNROLL[model.name])
        return state, losses.mean()

    steps = jax.jit(steps, donate_argnums=1)

    def block(rows) -> float:
        nonlocal state
        state, loss = steps(images, state, jnp.asarray(rows))
        jax.block_until_ready(state)
        return float(loss)

    peer.measure("jax", jax.__version__, args, len(images), block)


if __name__ == "__main__":
    main()
