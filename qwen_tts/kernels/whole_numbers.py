"""Weights of 8 and 4 bits as floating point, exactly.

A conversion takes a card as long as four additions, so there is none: a number below 128 is put behind the exponent
of 128 in bfloat16, one below 1024 behind that of 1024 in float16, and that is taken off again. The asm works on four
bytes; where it is not pure, it is because it shall stay where it stands.
"""

import triton
import triton.language as tl


@triton.jit
def int8_as_float16(stored, INTERPRETED: tl.constexpr):
    if INTERPRETED:
        values = stored.to(tl.float16)
    else:
        # 128 more than each, which is its sign turned over, behind the exponent of 1024.
        values = tl.inline_asm_elementwise(
            """{
            .reg .b32 more, low, high, both;
            xor.b32 more, $2, 0x80808080;
            prmt.b32 low, more, 0x64646464, 0x4140;
            prmt.b32 high, more, 0x64646464, 0x4342;
            mov.b32 both, 0x64806480;
            sub.f16x2 $0, low, both;
            sub.f16x2 $1, high, both;
            }""",
            "=r,=r,r", [stored], dtype=tl.float16, is_pure=False, pack=4,
        )  # fmt: skip
    return values


@triton.jit
def int4_as_float16(stored, INTERPRETED: tl.constexpr):
    """Two in a byte [.., bytes] -> [.., 2 * bytes], the lower half first."""
    if INTERPRETED:
        low, high = (stored & 15).to(tl.float16), (stored >> 4).to(tl.float16)
    else:
        low, high = tl.inline_asm_elementwise(
            """{
            .reg .b32 halves, upper, least;
            mov.b32 least, 0x64006400;
            and.b32 halves, $4, 0x0F0F0F0F;
            shr.u32 upper, $4, 4;
            and.b32 upper, upper, 0x0F0F0F0F;
            prmt.b32 $0, halves, 0x64646464, 0x4140;
            prmt.b32 $1, halves, 0x64646464, 0x4342;
            prmt.b32 $2, upper, 0x64646464, 0x4140;
            prmt.b32 $3, upper, 0x64646464, 0x4342;
            sub.f16x2 $0, $0, least;
            sub.f16x2 $1, $1, least;
            sub.f16x2 $2, $2, least;
            sub.f16x2 $3, $3, least;
            }""",
            "=&r,=&r,=&r,=&r,r", [stored], dtype=(tl.float16, tl.float16), is_pure=False, pack=4,
        )  # fmt: skip
    return tl.interleave(low, high)


@triton.jit
def int4_as(stored, zeros, dtype: tl.constexpr, INTERPRETED: tl.constexpr):
    """Two in a byte [rows, bytes], less zeros [rows, 1] -> [rows, 2 * bytes], the lower half first."""
    if INTERPRETED or dtype != tl.bfloat16:
        zeros = zeros.to(tl.int8)
        low, high = ((stored & 15).to(tl.int8) - zeros).to(dtype), ((stored >> 4).to(tl.int8) - zeros).to(dtype)
    else:
        _, zeros = tl.broadcast(stored, zeros)
        low, high = tl.inline_asm_elementwise(
            """{
            .reg .b32 halves, upper, first, second, one;
            mov.b32 one, 0x3F803F80;
            and.b32 halves, $4, 0x0F0F0F0F;
            shr.u32 upper, $4, 4;
            and.b32 upper, upper, 0x0F0F0F0F;
            prmt.b32 first, $5, 0xC3C3C3C3, 0x4140;
            prmt.b32 second, $5, 0xC3C3C3C3, 0x4342;
            prmt.b32 $0, halves, 0x43434343, 0x4140;
            prmt.b32 $1, halves, 0x43434343, 0x4342;
            prmt.b32 $2, upper, 0x43434343, 0x4140;
            prmt.b32 $3, upper, 0x43434343, 0x4342;
            fma.rn.bf16x2 $0, $0, one, first;
            fma.rn.bf16x2 $1, $1, one, second;
            fma.rn.bf16x2 $2, $2, one, first;
            fma.rn.bf16x2 $3, $3, one, second;
            }""",
            "=&r,=&r,=&r,=&r,r,r", [stored, zeros], dtype=(tl.bfloat16, tl.bfloat16), is_pure=True, pack=4,
        )  # fmt: skip
    return tl.interleave(low, high)
