"""The color of a figure on a dark page: as far from its ground, of one hue.

Lightness is turned over in Oklab [1], so what is darker than something else
becomes lighter than it: white numbers on a dark square become dark ones on a
light square, and can still be read.

[1] Ottosson, A perceptual color space for image processing (2020),
    https://bottosson.github.io/posts/oklab/, whose matrices these are
"""

import numpy as np

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# lightness on a light page -> on a dark one: white becomes the ground there
# (0.21), the text its text (0.91); the families, between 0.46 and 0.65, keep
# a contrast of 3 against that ground
LIGHT = 0, 0.33, 0.46, 0.65, 0.85, 0.95, 1
DARK = 0.97, 0.91, 0.77, 0.68, 0.44, 0.28, 0.21


def on_dark(color: str) -> str:
    """Return the color of the dark page for one of the light page.

    color : "#rrggbb"
    """
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    lightness, *hue = TO_LAB @ np.cbrt(TO_CONES @ linear)
    turned = np.interp(lightness, LIGHT, DARK)
    for share in np.linspace(1, 0, 41):  # as colorful as a screen can be
        lab = np.array([turned, *(share * np.array(hue))])
        linear = np.linalg.solve(TO_CONES, np.linalg.solve(TO_LAB, lab) ** 3)
        if linear.min() >= -1e-3 and linear.max() <= 1 + 1e-3:
            break
    linear = linear.clip(0, 1)
    rgb = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return "#" + "".join(f"{round(255 * x):02x}" for x in rgb)
