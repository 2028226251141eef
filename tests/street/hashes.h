/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What version 2 of the world looks like: hashes of two frames and of a map of classes, for each
 * clip and moment that test-pixels.c draws. STREET_HASHES=1 makes that test print new ones.
 */
#pragma once

#include <glib.h>

static const guint64 clip_hashes[84][2] = {
    {0xac76f965d5ce4a4e, 0xff0fe8a833bdda03}, {0xf338e47febf778fe, 0xccf4e6bfccc607f2},
    {0x1875f1f52fbc31f5, 0x455b8589e5c29074}, {0x30e53d87a2992dd2, 0xe28b600bea6de07f},
    {0x257b843728c36ebf, 0xa4f038bf03147a99}, {0xfe9c133cf0fc69a9, 0xac9a572c7b580cc0},
    {0x52d786bb662a318b, 0xda58abc1298818b8}, {0x5e32eb8148703741, 0xfb25f0e341bb67da},
    {0x2b7dfd2027b93f7c, 0xb69ab942b3f1dbba}, {0xebb7c02ea033a1b7, 0x773972e89cfa364a},
    {0x8277515d82fc2187, 0x8dbf724930cc453d}, {0x6d5d4dd9e6a7ce6f, 0xbe4dece9ae8899a5},
    {0xa0d694f41a1e5cfc, 0xdedbc64d2459307f}, {0x83a2418c2882b3ac, 0x45ecca7abb6bd1da},
    {0x50d792fdf6de7cbb, 0x3aef540b9fc9691d}, {0x68776728f7d63bf7, 0xbb956ddc0713f5f3},
    {0xb0126e2ed670bd6f, 0xb1fd4ddb7fd0bafb}, {0xfb6a24eceeb62cef, 0xbc08454567f58966},
    {0x1870683f378a614e, 0x66a011a9cc910ded}, {0xffba512a0cf60b5f, 0x7e7df02b5fada94d},
    {0x1824f6a2fdf96b4e, 0x354789b26ed902a1}, {0xa2942eea7e72c42a, 0xba4b0b611d4a898d},
    {0xa3d2fdbbe85c5e1e, 0x9daa476436a13264}, {0x9ed8a1d2ce207fe4, 0xff40f18add361a67},
    {0x36061b10f2038e75, 0xf47490a24462b2b6}, {0x3ba4a94be6e0acfd, 0x4ba8f01f0fcf10a6},
    {0xffb8e4eb601bfb82, 0xe4fbf7ecbf522991}, {0xaa29d1ead246939e, 0xa38dbf9baa84fd92},
    {0x0568376c0933aab2, 0xee2568cff6e53a75}, {0xa0cac28330e68f34, 0x0086d7beff0fa150},
    {0x6bce0ce588d3b536, 0x645f76be5d0e940a}, {0xce10e6ade5069f59, 0x285dae544aef8d0f},
    {0xa4a7b9225252d24f, 0x58199b8bcb7664de}, {0x68fdc620ec4da00a, 0xc54fe5801b2c2aa1},
    {0x8cfe1e81cec1ae42, 0x9e67f5deeaf01be1}, {0x1d8fb182b88694d0, 0x3acebb0b3ec6372a},
    {0x0f5fe1c89fd887bf, 0x8c232f7abe9d981b}, {0xb1381d3824e79a88, 0xcdab437629e7e8ce},
    {0xff3c3c5a7cd1efc5, 0x78bff89d714b6fa7}, {0x60d10a628aa0bfaf, 0x5458bf769d348d69},
    {0x37404e20836650ec, 0xf27b3c561840a1bd}, {0x567c713bb0c7dd48, 0xfa65dc6de08fd7e3},
    {0x60adcfcf0a1a5e5a, 0x4489a1ca9b0ac33f}, {0x7867437aaa3e39ac, 0x411984d866de9ceb},
    {0x6d971b83f0c6c8d4, 0xc7d023dde7c090a8}, {0x8a42dfd9d681b19a, 0x758d845f5c981961},
    {0xfa59417f5b120981, 0x4957c48221d7ef1a}, {0xf6b166eacefd9537, 0x24fe11f93df8ee6b},
    {0xb1315d1980791056, 0xddd0ae7d6ede65f2}, {0x3d3c87910e5ed110, 0xa260d0e231fbcc95},
    {0xf82c031034f87dad, 0x09741a70f4abd602}, {0xce35a0b2156da948, 0x6a4f7eaede1942f5},
    {0xa88a1cad4b501fd7, 0xfa9c6be778d3837c}, {0x1786be7403818f7e, 0x7bc2a391fd40cf99},
    {0xfbe0a405d6851c65, 0x2526714a8cfbd345}, {0xa03e1994f98e2842, 0x44ca6fc637fcefa6},
    {0xfffd9d8981ded4c5, 0x0ae2d3b519a9ad15}, {0x9d8d7bb9a8cd15c1, 0x11ad5c97d3822624},
    {0xebf029ebc5390c44, 0x7406c08468a77af7}, {0x22a63d5ee33ef1bd, 0xbde950c3f80dae6f},
    {0xe33e2d78264f61b4, 0xa4433d1b115f72cd}, {0xd72f1e210e494a8b, 0xfeeef2d4ac9c60e4},
    {0x6c1a4efc708cdc90, 0x9d12e7df266a0786}, {0xb64ec657a9814547, 0x738be6d6d678b619},
    {0x73d45ab17b3f42e3, 0xd0cc7dccbee0a0ec}, {0xde25ca9ddf6f8984, 0xdc4d580ac43956ba},
    {0x083a89ec48753efb, 0x85a2b3c36b2b9e04}, {0x714c3fc3c42d06f8, 0x0e592c9e5388e35a},
    {0x3df02bfbfc63ad3f, 0xd36795591b21ea0b}, {0x3ed5160676f48d50, 0x28e495cd2ec28fb0},
    {0x1e95c80dae3408cb, 0x2dbddbc051754a0d}, {0xbfec5bc89f99c3e0, 0xa90fbf150060a215},
    {0x6151ac174bdd2c5f, 0x0abc64ef6df4c3b7}, {0x9dee4b319ad6cd5c, 0x84a19be29b9353f5},
    {0x4732f1c234bd2163, 0x83c8962ff93ecf37}, {0xf501a8237bd4ab80, 0xe36ff5dc0c60e844},
    {0xb4b0ff4966b0a367, 0xd1a38dfc7ffdf217}, {0x0bfcf4da8eea5285, 0x338aff8dd3ae1350},
    {0xd6057a2b1d3b12d7, 0xd63c7c8241a74f0f}, {0x7934e52516b9971d, 0x07d0fb2e940aadb1},
    {0x50d19a914ea378dd, 0x7990c8a6cea3512c}, {0x4fea4bd58d6987e8, 0x90a51de4f3bd6c6d},
    {0x3e04f734ed52a452, 0xb7bea0b56e221fce}, {0xc1b100dabe6af2ef, 0xbf83532c8f8168a6},
};

static const guint64 endless_hashes[12][2] = {
    {0x36d2974bf8875d31, 0x5e55fc8eb52e6d1e}, {0xd4ae9e00e7647fd4, 0x3ca161ce8125b602},
    {0xa48ff3e0a618f071, 0xf2d40bd3f2733cfe}, {0x0288796c1f3ca913, 0x9d34fbe092f8228c},
    {0x26b35b5a6815b410, 0x90ae1d53491d1c92}, {0xbec98e140ca16a56, 0xa2ad71a6c9b9646e},
    {0x957f54de109c4107, 0x9c3c3826b86008dc}, {0xef529245b50265fc, 0x15f469ca5bf448d7},
    {0x19af7d77556e67ab, 0x94ece0125e8f1009}, {0xc3b539964a577cd9, 0xb69df840ae2cdb23},
    {0x0cd93ee2a82eb2c9, 0xa8ee0add9215d492}, {0x2a86697291a6f8fa, 0xa2e65b50026a5c66},
};
