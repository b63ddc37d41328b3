  // Part of Sequence (kernel.cpp): dr, dk, dv, and the slopes by log w and u, from the inputs and dy alone.
  //
  // States are kept transposed, rows of channels of v. S of (k, v) gives dr; G of (r, dy), what later tokens (after) or
  // earlier ones (before) ask of a key, gives dk and, turned back, dv. A pair in chunks m < n has the exponent
  // (t-t0) + 32·(n-m-1) + (31-i): each factor's slope is taken where it is applied, so nothing cancels.

  // What a product emits, scaled by w^exponent(t) and added to rows of `out` from token `at` on; to the slope by log w
  // the exponent times its product with `source`. It holds pointers: what it read through `this` would be read again
  // after each store.
  template <class Exponent, class Ask>
  auto added_to(const Block& out, const Rows& source, int at, const Exponent& exponent, const Ask& next) {
    float *const to = out.data, *const slopes = w.slopes;
    const float *const from = source[0], *const power = tables.power[0];
    const int64_t ld = out.ld;
    return ByColumn{[=](int first, int d, const auto& x) {
      next(first, d, count_of(x));
      vec slope = load(slopes + d);
      for_rows(x, [&](int m, vec sum) {
        const int t = at + first + m, j = exponent(t);
        const vec y = sum * load(power + j * T + d);
        store(to + t * ld + d, load(to + t * ld + d) + y);
        slope += all(kNumbers[j]) * (load(from + t * T + d) * y);
      });
      store(slopes + d, slope);
    }};
  }
  // The gradients of a chunk of r (or k) from a state: d_reads·state, scaled by w^t (or w^(31-t)).
  template <bool kRest>
  void from_state(const Block& out, const Rows& source, const Rows& d_reads, const float* state, int n,
                  const Ahead& next) {
    const auto exponent = [](int t) { return kRest ? kChunk - 1 - t : t; };
    product(n, width, added_to(out, source, 0, exponent, next), Natural{d_reads[0], state, width, width});
  }
  // Σ over channels of v of S ⊙ G, times 32·w^32: what crosses a whole chunk.
  void crossing(const float* state, const float* gradient) {
    int a = 0;  // four sums at once, or each addition would wait for the one before it
    for (; a + 4 * W <= width; a += 4 * W) crossing<4>(state, gradient, a);
    for (; a < width; a += W) crossing<1>(state, gradient, a);
  }
  template <int kSums>
  void crossing(const float* state, const float* gradient, int a) {
    vec sums[kSums] = {};
    for (int64_t at = a; at < square; at += width)
      UNROLL for (int i = 0; i < kSums; ++i) sums[i] += load(state + at + i * W) * load(gradient + at + i * W);
    UNROLL for (int i = 0; i < kSums; ++i) {
      float* const slope = w.slopes + a + i * W;
      store(slope, load(slope) + all(kChunk) * load(tables.step + a + i * W) * sums[i]);
    }
  }
  // Gradients of the pairs across the midpoints of halves of `half` tokens, from readers scaled and d_scores.
  void half_gradients(const Block& dr, const Block& dk, int half, int n) {
    scale_to_midpoint(w.k_scaled, w.k, n, half);
    for (int low = 0; low + half < n; low += 2 * half) {
      const int middle = low + half, upper = n - middle < half ? n - middle : half;
      across_gradients(dr, dk, middle, upper, low, half, half);
      if (p.bidirectional) across_gradients(dr, dk, low, half, middle, upper, half);
    }
  }
  void across_gradients(const Block& dr, const Block& dk, int reader, int readers, int writer, int writers, int half) {
    const float* block = &w.d_scores[reader][writer];
    const auto exponent = [half](int t) { return to_midpoint(t, half); };
    const auto nothing = [](int, int, int) {};
    product(readers, width, added_to(dr, w.r, reader, exponent, nothing),
            Term<kRows, 1>{block, w.k_scaled[writer], T, writers});
    product(writers, width, added_to(dk, w.k, writer, exponent, nothing),
            Term<1, kRows>{block, w.r_scaled[reader], T, readers});
  }
  // Gradients of the pairs inside eight tokens, one by one; the first that dr and dk get.
  template <bool kBoth>
  void near_gradients(const Block& to_r, const Block& to_k, int first) {
    for (int d = 0; d < width; d += W) {
      vec slope = {}, dk[8];
      UNROLL for (int i = 0; i < 8; ++i) dk[i] = vec{};
      UNROLL for (int t = 0; t < 8; ++t) {
        const float* scores = w.d_scores[first + t] + first;
        const vec r = load(w.r[first + t] + d);
        vec dr = {}, far = {};
        UNROLL for (int i = 0; i < (kBoth ? 8 : t + 1); ++i) {
          const int distance = t < i ? i - t : t - i;
          const vec factor = all(scores[i]) * load(tables.near_rows[distance] + d);
          const vec part = factor * load(w.k[first + i] + d);
          dr += part;
          dk[i] += factor * r;
          if (distance > 1) far += all(static_cast<float>(distance - 1)) * part;
        }
        slope += r * far;
        store(to_r[first + t] + d, dr);
      }
      UNROLL for (int i = 0; i < 8; ++i) store(to_k[first + i] + d, dk[i]);
      store(w.slopes + d, load(w.slopes + d) + slope);
    }
  }
  // du = Σ r ⊙ k (v·dy), in double: its terms have either sign, and a channel where they cancel would keep few digits.
  void own_gradients(int n, double* du) const {
    double scores[kRows];
    for (int t = 0; t < n; ++t) {
      wide even = {}, odd = {};
      for (int d = 0; d < width; d += W) {
        even += load_wide(w.v[t] + d) * load_wide(w.y[t] + d);
        odd += load_wide(w.v[t] + d + kHalf) * load_wide(w.y[t] + d + kHalf);
      }
      even += odd;
      scores[t] = 0;
      for (int i = 0; i < kHalf; ++i) scores[t] += even[i];
    }
    for (int d = 0; d < width; d += W) {
      wide sum[4] = {};  // four at once, or each addition would wait for the one before it
      for (int t = 0; t < n; t += 2)
        UNROLL for (int i = 0; i < 4; ++i) {
          const int token = t + i / 2, at = d + i % 2 * kHalf;
          sum[i] += scores[token] * (load_wide(w.r[token] + at) * load_wide(w.k[token] + at));
        }
      UNROLL for (int i = 0; i < 2; ++i) *reinterpret_cast<loose_wide*>(du + d + i * kHalf) += sum[i] + sum[i + 2];
    }
  }

  void backward(Slopes& total) {
    const Flush flush(slow());
    float* const past = states;                       // S_f, in place
    float* const before = states + square;            // G of earlier readers, in place
    float* const turned = states + 2 * square;        // G of later and of earlier readers, rows of channels of k
    float* const future = states + 4 * square;        // S_b after each chunk but the last
    float* const after = future + chunks * square;    // G of later readers, after each chunk but the last
    for (int64_t c = chunks - 1; c > 0; --c) {
      const int n = rows(c);
      const bool first = c + 1 == chunks;
      if (p.bidirectional) {
        read_scaled(w.k_future, p.k, c, position);
        advance_turned(future + (c - 1) * square, first ? nullptr : future + c * square, w.k_future,
                       block(w.v, p.v, c), n,
                       Next{ahead(future, c - 2), ahead(p.k, c - 1), ahead(p.v, c - 1)});
      }
      read_scaled(w.r_past, p.r, c, position);
      advance_turned(after + (c - 1) * square, first ? nullptr : after + c * square, w.r_past, block(w.y, p.y, c), n,
                     Next{ahead(after, c - 2), ahead(p.r, c - 1), ahead(p.y, c - 1)});
    }
    for (int d = 0; d < kMaxWidth; ++d) total.omega[d] = total.u[d] = 0;
    for (int64_t c = 0; c < chunks; ++c) {
      const int n = rows(c);
      const bool has_past = c > 0, has_future = c + 1 < chunks, both = p.bidirectional;
      const float* const future_here = future + c * square;
      const float* const after_here = after + c * square;
      read(w.r, p.r, c), read(w.k, p.k, c), read(w.v, p.v, c), read(w.y, p.y, c);
      std::memset(w.slopes, 0, sizeof w.slopes);

      near_scores(w.r, w.k, n);
      transpose(w.v[0], T, n, width, w.v_turned[0], kRows);
      product(
          n, round_up(n), [this](int t, int i, vec x) { store(w.d_scores[t] + i, x); },
          Natural{w.y[0], w.v_turned[0], kRows, width});
      const Block dr = room(w.dr, p.dr, c), dk = room(w.dk, p.dk, c), dv = room(w.dv, p.dv, c), dy = w.y;
      for (int first = 0; first < n; first += 8)
        both ? near_gradients<true>(dr, dk, first) : near_gradients<false>(dr, dk, first);
      own_gradients(n, total.u);
      for (int half = 8; half < n; half *= 2) {
        if (half >= kLeaf)
          half_scores(w.r, half, n);
        else
          scale_to_midpoint(w.r_scaled, w.r, n, half);
        half_gradients(dr, dk, half, n);
      }

      const bool read_before = both && has_past, by_pairs = !both && !finite(w.r, dy, n);
      if (has_past) from_state<false>(dr, w.r, w.y, past, n, ahead(p.dr, c + 1));
      if (both && has_future) from_state<true>(dr, w.r, w.y, future_here, n, ahead(p.dk, c + 1));
      if (has_future) {
        from_state<true>(dk, w.k, w.v, after_here, n, ahead(p.dv, c + 1));
        transpose(after_here, width, width, width, turned, width);
        scale_by_rest(w.k_past, w.k, n);
      }
      if (read_before) {
        from_state<false>(dk, w.k, w.v, before, n, ahead(p.v, c + 1));
        transpose(before, width, width, width, turned + square, width);
        scale_by_position(w.k_future, w.k, n);
      }
      product(
          n, width, to_rows(dv, c + 1), Term<1, kRows>{w.scores[0], w.y[0], T, by_pairs ? 0 : n},
          Natural{w.k_past[0], turned, width, has_future ? width : 0},
          Natural{w.k_future[0], turned + square, width, read_before ? width : 0});
      if (by_pairs) add_pairs<true>(dy, dv, n);
      if (!whole(c)) write(w.dr, p.dr, c), write(w.dk, p.dk, c), write(w.dv, p.dv, c);

      if (has_past && has_future) {
        crossing(past, after_here);
        if (both) crossing(future_here, before);
      }
      for (int d = 0; d < p.width; ++d) total.omega[d] -= tables.rate[d] * w.slopes[d];  // d(log w)/dω = -e^ω
      if (has_future) {
        advance_turned(past, has_past ? past : nullptr, w.k_past, w.v, n, ahead(both ? future : after, c + 1));
        if (both) {
          scale_by_rest(w.r_future, w.r, n);
          advance_turned(before, has_past ? before : nullptr, w.r_future, w.y, n, ahead(after, c + 1));
        }
      }
    }
  }
