# SPDX-License-Identifier: LGPL-2.1-or-later
"""SqueezeTime in PyTorch, from the same configuration as models/squeezetime/squeezetime.c and with
its tensor names: what training here is compared with. Bottleneck blocks only."""
from torch import nn
import torch
from torch.nn import functional

GLOBAL_CHANNELS = 16


class SpatialConv(nn.Module):
    def __init__(self, inner, out, pos_dim):
        super().__init__()
        self.short_conv = nn.Conv2d(inner, out, 3, padding=1)
        self.glo_conv = nn.Sequential(
            nn.Conv2d(inner, GLOBAL_CHANNELS, 3, padding=1),
            nn.BatchNorm2d(GLOBAL_CHANNELS),
            nn.ReLU(),
            nn.Conv2d(GLOBAL_CHANNELS, GLOBAL_CHANNELS, 7, padding=3),
            nn.BatchNorm2d(GLOBAL_CHANNELS),
            nn.ReLU(),
            nn.Conv2d(GLOBAL_CHANNELS, out, 3, padding=1),
            nn.Sigmoid(),
        )
        self.pos_embed = nn.Parameter(torch.zeros(1, GLOBAL_CHANNELS, pos_dim, pos_dim))

    def forward(self, x, weighted):
        g = self.glo_conv[:3](weighted)
        pos = self.pos_embed
        if pos.shape[2:] != g.shape[2:]:
            pos = functional.interpolate(pos, g.shape[2:], mode="bilinear", align_corners=True)
        return self.short_conv(x) * self.glo_conv[3:](g + pos)


class CTL(nn.Module):
    def __init__(self, inner, out, pos_dim):
        super().__init__()
        self.param_conv = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(inner, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, inner, 1, bias=False),
            nn.Sigmoid(),
        )
        self.temporal_conv = nn.Conv2d(inner, out, 1, bias=False)
        self.spatial_conv = SpatialConv(inner, out, pos_dim)

    def forward(self, x):
        weighted = x * self.param_conv(x)
        return self.temporal_conv(weighted) + self.spatial_conv(x, weighted)


class Bottleneck(nn.Module):
    def __init__(self, inner, planes, expansion, pos_dim, stride):
        super().__init__()
        out = planes * expansion
        self.downsample = self.shortcut_conv = None
        if stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(inner, inner, 2, stride=2, groups=inner), nn.BatchNorm2d(inner)
            )
        if inner != out:
            self.shortcut_conv = nn.Sequential(
                nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)
            )
        self.conv1 = nn.Conv2d(inner, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = CTL(planes, planes, pos_dim)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)

    def forward(self, x):
        if self.downsample:
            x = self.downsample(x)
        shortcut = self.shortcut_conv(x) if self.shortcut_conv else x
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + shortcut)


class Backbone(nn.Module):
    def __init__(self, config):
        super().__init__()
        planes, expansion = config["planes"], config["expansion"]
        self.conv1 = nn.Conv2d(3 * config["frames"], planes[0], 5, stride=2, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(planes[0])
        channels = planes[0]
        for i in range(4):
            blocks = []
            for j in range(config["layers"][i]):
                stride = 2 if i > 0 and j == 0 else 1
                blocks.append(
                    Bottleneck(channels, planes[i], expansion, config["pos_dim"][i], stride))
                channels = planes[i] * expansion
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))

    def forward(self, clip):
        x = functional.relu(self.bn1(self.conv1(clip.flatten(1, 2))))
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return x


class Network(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.net = Backbone(config)
        self.cls_head = nn.Module()
        self.cls_head.fc_cls = nn.Linear(
            config["planes"][3] * config["expansion"], config["num_classes"])

    def forward(self, clip):
        return self.cls_head.fc_cls(self.backbone.net(clip).mean((2, 3)))
